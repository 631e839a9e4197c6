import { ControlledCluster } from '@menwei/testing/cluster/controlled-cluster.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

let cluster: ControlledCluster;

async function startCluster(ranges: readonly string[]): Promise<void> {
  await cluster.stop();
  const former = cluster;
  cluster = new ControlledCluster({
    only: ['service-cidr-controller'],
    controllers: { serviceClusterIpRanges: ranges },
    store: former.store,
  });
  await cluster.start();
  await pass(0);
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  cluster = new ControlledCluster({ only: ['service-cidr-controller'] });
  await cluster.create('namespaces', { metadata: { name: 'default' } });
  await cluster.start();
  await pass(0);
});

afterEach(async () => {
  await cluster.stop();
  vi.useRealTimers();
});

async function pass(seconds: number): Promise<void> {
  for (let second = 0; second <= seconds; second++) {
    if (second > 0) await vi.advanceTimersByTimeAsync(1000);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function serviceCidr(name: string, ...cidrs: string[]): Promise<void> {
  await cluster.create('servicecidrs', { metadata: { name }, spec: { cidrs } });
  await pass(0);
}

async function address(name: string): Promise<void> {
  const parentRef = { resource: 'services', namespace: 'default', name: 's' };
  await cluster.create('ipaddresses', { metadata: { name }, spec: { parentRef } });
}

describe('a ServiceCIDR', () => {
  it('is held by a finalizer and ready', async () => {
    await serviceCidr('more', '10.200.0.0/24');
    expect(cluster.get('servicecidrs', 'more')).toMatchObject({
      metadata: { finalizers: ['networking.k8s.io/service-cidr-finalizer'] },
      status: {
        conditions: [{ type: 'Ready', status: 'True', message: 'Kubernetes Service CIDR is ready' }],
      },
    });
  });

  it('that is deleted waits for its last address, and ten seconds more', async () => {
    await serviceCidr('more', '10.200.0.0/24');
    await address('10.200.0.7');
    await cluster.delete('servicecidrs', 'more');
    await pass(30);
    expect(cluster.get('servicecidrs', 'more')?.status?.conditions).toMatchObject([
      { type: 'Ready', status: 'False', reason: 'Terminating' },
    ]);
    await cluster.delete('ipaddresses', '10.200.0.7');
    await pass(8);
    expect(cluster.get('servicecidrs', 'more')).toBeDefined();
    await pass(4);
    expect(cluster.get('servicecidrs', 'more')).toBeUndefined();
  });

  it('that is deleted goes when another one holds its addresses', async () => {
    await serviceCidr('more', '10.200.0.0/24');
    await address('10.200.0.7');
    await cluster.delete('servicecidrs', 'more');
    await pass(30);
    expect(cluster.get('servicecidrs', 'more')).toBeDefined();
    await serviceCidr('larger', '10.200.0.0/16');
    await pass(12);
    expect(cluster.get('servicecidrs', 'more')).toBeUndefined();
  });
});

describe('the ServiceCIDR of the flag', () => {
  it('gets its second family, and nothing else', async () => {
    await startCluster(['10.96.0.0/16', 'fd00:96::/112']);
    expect(cluster.get('servicecidrs', 'kubernetes')?.spec?.cidrs).toEqual(['10.96.0.0/16', 'fd00:96::/112']);
    await startCluster(['10.97.0.0/16']);
    expect(cluster.get('servicecidrs', 'kubernetes')?.spec?.cidrs).toEqual(['10.96.0.0/16', 'fd00:96::/112']);
    await pass(60);
    expect(cluster.list('events')).toMatchObject([
      { reason: 'KubernetesDefaultServiceCIDRInconsistent', type: 'Warning', count: 1 },
    ]);
  });
});
