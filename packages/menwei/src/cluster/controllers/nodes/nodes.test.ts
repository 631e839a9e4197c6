import { ControlledCluster } from '@menwei/testing/cluster/controlled-cluster.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

let cluster: ControlledCluster;

beforeEach(async () => {
  vi.useFakeTimers({
    now: Date.parse('2026-11-30T06:00:00Z'),
    toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'],
  });
  cluster = new ControlledCluster({
    only: ['node-lifecycle-controller', 'pod-garbage-collector', 'endpoint-controllers'],
  });
  for (const name of ['default', 'kube-node-lease'])
    await cluster.create('namespaces', { metadata: { name } });
  await cluster.start();
  for (const name of ['n1', 'n2']) {
    await cluster.create('nodes', { metadata: { name } });
    const conditions = [{ type: 'Ready', status: 'True' }];
    await cluster.change('nodes', name, () => ({ status: { conditions } }), true);
  }
});

afterEach(async () => {
  await cluster.stop();
  vi.useRealTimers();
});

async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await vi.advanceTimersByTimeAsync(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function lease(name: string): Promise<void> {
  await cluster.create('leases', { metadata: { name, namespace: 'kube-node-lease' } });
}

async function renew(name: string): Promise<void> {
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  await cluster.change('leases', `kube-node-lease/${name}`, () => ({ spec: { renewTime } }));
}

async function pod(name: string, nodeName: string, phase = 'Running'): Promise<void> {
  await cluster.create('pods', {
    metadata: { name, namespace: 'default', labels: { app: 'x' } },
    spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
  });
  const status = {
    phase,
    podIP: '10.0.0.1',
    podIPs: [{ ip: '10.0.0.1' }],
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  await cluster.change('pods', `default/${name}`, () => ({ status }), true);
}

const readyOf = (name: string) => cluster.get('nodes', name)?.status?.conditions?.[0]?.status;
const pods = () => cluster.list('pods').map(({ metadata }) => metadata.name);

describe('a node that is not heard of any more', () => {
  it('is Unknown and tainted after 50 seconds, and its pods get no traffic', async () => {
    await pod('p', 'n1');
    await cluster.create('services', {
      metadata: { name: 's', namespace: 'default' },
      spec: { clusterIP: 'None', ipFamilies: ['IPv4'], selector: { app: 'x' }, ports: [{ port: 80 }] },
    });
    await lease('n1');
    await pass(5);
    await renew('n1');
    await pass(48);
    expect(readyOf('n1')).toBe('True');
    await pass(4);
    expect(readyOf('n1')).toBe('Unknown');
    expect(cluster.get('nodes', 'n1')).toMatchObject({
      spec: {
        taints: [
          { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
          { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
        ],
      },
      status: {
        conditions: [{ reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }],
      },
    });
    expect(cluster.list('endpointslices')).toMatchObject([{ endpoints: [{ conditions: { ready: false } }] }]);
    expect(cluster.list('events').map(({ reason }) => reason)).toEqual(['NodeNotReady', 'NodeNotReady']);
    await renew('n1');
    const conditions = [{ type: 'Ready', status: 'True' }];
    await cluster.change('nodes', 'n1', () => ({ status: { conditions } }), true);
    await pass(2);
    expect(cluster.get('nodes', 'n1')?.spec?.taints ?? []).toEqual([]);
  });

  it('has a minute if it is new', async () => {
    await lease('n1');
    await pass(58);
    expect(readyOf('n1')).toBe('True');
    await pass(4);
    expect(readyOf('n1')).toBe('Unknown');
  });

  it('stays as it is while it is heard of, or has never had a Lease', async () => {
    await lease('n1');
    for (let round = 0; round < 10; round++) {
      await pass(40);
      await renew('n1');
    }
    expect([readyOf('n1'), readyOf('n2')]).toEqual(['True', 'True']);
  });
});

describe('pods that nobody ends', () => {
  it('are removed 40 seconds after their node', async () => {
    await pod('p', 'n1');
    await pod('q', 'n2');
    await cluster.delete('nodes', 'n1');
    await pass(39);
    expect(pods()).toEqual(['p', 'q']);
    await pass(45);
    expect(pods()).toEqual(['q']);
  });

  it('stay when the node comes back', async () => {
    await pod('p', 'n1');
    await cluster.delete('nodes', 'n1');
    await pass(30);
    await cluster.create('nodes', { metadata: { name: 'n1' } });
    await pass(60);
    expect(pods()).toEqual(['p']);
  });

  it('are removed after their grace where no kubelet is', async () => {
    await pod('p', 'n1');
    await pod('q', 'n2');
    await lease('n2');
    for (const name of ['p', 'q']) await cluster.delete('pods', `default/${name}`);
    await pass(25);
    expect(pods()).toEqual(['p', 'q']);
    await pass(30);
    expect(pods()).toEqual(['q']);
  });
});
