/**
 * Cases of Kubernetes' end-to-end tests of load balancers, `[sig-network] LoadBalancers` and `LoadBalancers ExternalTrafficPolicy:
 * Local`, on a lab whose controller takes Services without a class.
 *
 * Left out: "should target all nodes with endpoints" with the policy Local. An address that is announced by ARP is at one node at a
 * time, and with that policy only pods of this node are asked.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LbLab, startLab } from './lb-lab.ts';

const LAB = `
nodes:
  - {name: node-1, ip: 192.168.49.2, podCIDR: 10.244.1.0/24}
  - {name: node-2, ip: 192.168.49.3, podCIDR: 10.244.2.0/24}
pods:
  - {name: server-1, node: node-1, ip: 10.244.1.11, ports: [80, 81]}
  - {name: server-2, node: node-2, ip: 10.244.2.12, ports: [80, 81]}
  - {name: server-3, node: node-1, ip: 10.244.1.13, ports: [80, 81]}
  - {name: accepted, node: node-1, ip: 10.244.1.20, ports: []}
  - {name: dropped, node: node-2, ip: 10.244.2.20, ports: []}
client: {ip: 192.168.49.100}
loadBalancer: {pools: [192.168.49.200-192.168.49.220]}
`;
const NODE = '192.168.49.2';
const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';

let lab: LbLab;

beforeAll(async () => {
  lab = await startLab('lb-e2e', LAB);
});
afterAll(() => lab?.session[Symbol.asyncDispose]());

/** What one request comes to: the pod that answers, or how it failed. */
async function ask(ip: string, port: number, { protocol = 'TCP', from = 'client', sourcePort = 0 } = {}) {
  const host = lab.session.host(from);
  const options = { timeoutMs: 500, ...(sourcePort === 0 ? {} : { sourcePort }) };
  const target = formatHostPort(ip, port);
  const outcome = protocol === 'TCP' ? await host.http(target, options) : await host.udp(target, options);
  return isFailure(outcome) ? 'nobody' : outcome.pod;
}

function untilAnsweredBy(pod: string | RegExp, ip: string, port: number, options = {}) {
  return expect
    .poll(() => ask(ip, port, options), { message: `${ip}:${port} ${JSON.stringify(options)}` })
    .toMatch(typeof pod === 'string' ? new RegExp(`^${pod}$`) : pod);
}

async function finalizers(name: string): Promise<readonly string[]> {
  const { metadata } = await lab.get(name);
  return metadata.finalizers ?? [];
}

describe('LoadBalancers', () => {
  it.each(['TCP', 'UDP'])('should be able to change the type and ports of a %s service', async (protocol) => {
    const name = `mutable-${protocol.toLowerCase()}`;
    const options = { protocol };
    const ports = (port: number, nodePort?: number) => [
      { port, targetPort: 80, protocol, ...(nodePort === undefined ? {} : { nodePort }) },
    ];
    await lab.create(name, { type: 'ClusterIP', ports: ports(80) });
    await lab.putBehind(name, 'server-1');
    const { spec } = await lab.patch(name, { type: 'NodePort' });
    const [{ nodePort }] = spec.ports;
    await untilAnsweredBy('server-1', NODE, nodePort, options);

    await lab.patch(name, { type: 'LoadBalancer' });
    const ip = await lab.address(name);
    expect((await lab.get(name)).spec.ports[0].nodePort).toBe(nodePort);
    await untilAnsweredBy('server-1', ip, 80, options);
    await untilAnsweredBy('server-1', NODE, nodePort, options);

    const other = nodePort === 30_999 ? 30_998 : 30_999;
    await lab.patch(name, { ports: ports(80, other) });
    await untilAnsweredBy('server-1', NODE, other, options);
    await untilAnsweredBy('nobody', NODE, nodePort, options);
    await untilAnsweredBy('server-1', ip, 80, options);

    await lab.patch(name, { ports: ports(81, other) });
    await untilAnsweredBy('server-1', ip, 81, options);
    await untilAnsweredBy('server-1', NODE, other, options);
    await untilAnsweredBy('nobody', ip, 80, options);

    await lab.putBehind(name);
    await untilAnsweredBy('nobody', ip, 81, options);
    await untilAnsweredBy('nobody', NODE, other, options);
    await lab.putBehind(name, 'server-1');
    await untilAnsweredBy('server-1', ip, 81, options);
    expect(await lab.address(name)).toBe(ip);

    const last = await lab.patch(name, { type: 'ClusterIP', ports: [{ ...ports(81)[0], nodePort: null }] });
    expect(last.spec.ports[0].nodePort).toBeUndefined();
    await expect.poll(async () => (await lab.get(name)).status.loadBalancer).toEqual({});
    await untilAnsweredBy('nobody', ip, 81, options);
    await untilAnsweredBy('nobody', NODE, other, options);
    await lab.remove(name);
  });

  it('should only allow access from service loadbalancer source ranges', async () => {
    await lab.create('ranges');
    await lab.putBehind('ranges', 'server-1');
    const ip = await lab.address('ranges');
    const reach = async (client: boolean, accepted: boolean, dropped: boolean) => {
      for (const [from, isReached] of Object.entries({ client, accepted, dropped }))
        await untilAnsweredBy(isReached ? 'server-1' : 'nobody', ip, 80, { from });
    };
    await reach(true, true, true);
    // The pod's own address, and that of its node.
    await lab.patch('ranges', { loadBalancerSourceRanges: ['10.244.1.20/32', '192.168.49.2/32'] });
    await reach(false, true, false);
    await lab.patch('ranges', { loadBalancerSourceRanges: ['0.0.0.0/1', '128.0.0.0/1'] });
    await reach(true, true, true);
    await lab.patch('ranges', { loadBalancerSourceRanges: ['255.0.0.0/32'] });
    await reach(false, false, false);
    await lab.patch('ranges', { loadBalancerSourceRanges: null });
    await reach(true, true, true);
    await lab.remove('ranges');
  });

  it.each(['Local', 'Cluster'])(
    'should have session affinity, and be able to switch it, with %s traffic policy',
    async (policy) => {
      const name = `affinity-${policy.toLowerCase()}`;
      await lab.create(name, { sessionAffinity: 'ClientIP', externalTrafficPolicy: policy });
      await lab.putBehind(name, 'server-1', 'server-3');
      const ip = await lab.address(name);
      await untilAnsweredBy(/server/, ip, 80);
      const answered = async (): Promise<number> => {
        const { byPod, failed } = await lab.session
          .host('client')
          .requests(20, `${ip}:80`, { timeoutMs: 500 });
        return failed > 0 ? -failed : Object.keys(byPod).length;
      };
      expect(await answered()).toBe(1);
      await lab.patch(name, { sessionAffinity: 'None' });
      await expect.poll(answered).toBe(2);
      await lab.patch(name, { sessionAffinity: 'ClientIP' });
      await expect.poll(answered).toBe(1);
      await lab.remove(name);
    },
  );

  it('should handle load balancer cleanup finalizer for service', async () => {
    await lab.create('finalizer');
    await lab.address('finalizer');
    expect(await finalizers('finalizer')).toContain(FINALIZER);
    await lab.patch('finalizer', { type: 'ClusterIP' });
    await expect.poll(() => finalizers('finalizer')).not.toContain(FINALIZER);
    await lab.patch('finalizer', { type: 'LoadBalancer' });
    await expect.poll(() => finalizers('finalizer')).toContain(FINALIZER);
    await lab.remove('finalizer');
  });

  it('should be able to create LoadBalancer Service without NodePort and change it', async () => {
    const ports = { allocateLoadBalancerNodePorts: false };
    await lab.create('no-node-port', ports);
    await lab.putBehind('no-node-port', 'server-1');
    const ip = await lab.address('no-node-port');
    expect((await lab.get('no-node-port')).spec.ports[0].nodePort).toBeUndefined();
    await untilAnsweredBy('server-1', ip, 80);
    const { spec } = await lab.patch('no-node-port', { allocateLoadBalancerNodePorts: true });
    expect(spec.ports[0].nodePort).toBeGreaterThanOrEqual(30_000);
    expect(await lab.address('no-node-port')).toBe(ip);
    await untilAnsweredBy('server-1', ip, 80);
    await lab.remove('no-node-port');
  });

  it.each([
    { on: 'different nodes', second: 'server-2', sourcePort: 54_321 },
    { on: 'the same node', second: 'server-3', sourcePort: 54_322 },
  ])(
    'should be able to preserve UDP traffic when server pod cycles on $on',
    async ({ second, sourcePort }) => {
      await lab.create('udp', { ports: [{ port: 80, targetPort: 80, protocol: 'UDP' }] });
      const ip = await lab.address('udp');
      const options = { protocol: 'UDP', sourcePort };
      await lab.putBehind('udp', 'server-1');
      await untilAnsweredBy('server-1', ip, 80, options);
      await lab.putBehind('udp', second);
      await untilAnsweredBy(second, ip, 80, options);
      await lab.remove('udp');
      await lab.putBehind('udp');
    },
  );

  it.each(['Cluster', 'Local'])(
    'should not have connectivity disruption during rolling update with externalTrafficPolicy=%s',
    async (policy) => {
      const name = `rolling-${policy.toLowerCase()}`;
      await lab.create(name, { externalTrafficPolicy: policy });
      await lab.putBehind(name, 'server-1', 'server-2', 'server-3');
      const ip = await lab.address(name);
      await untilAnsweredBy(/server/, ip, 80);
      const stop = await lab.session.host('client').watchAvailability(`${ip}:80`, { intervalMs: 20 });
      for (const pod of ['server-1', 'server-2', 'server-3']) {
        for (const isReady of [false, true]) {
          await lab.session.order('ready', { pod, isReady });
          await sleep(200);
        }
      }
      const attempts = await stop();
      const failed = attempts.filter(({ outcome }) => isFailure(outcome)).length;
      expect(failed / attempts.length).toBeLessThan(0.05);
      await untilAnsweredBy(/server/, ip, 80);
      await lab.remove(name);
    },
  );
});

describe('LoadBalancers ExternalTrafficPolicy: Local', () => {
  const local = { externalTrafficPolicy: 'Local' };

  async function isHealthy(node: string, port: number): Promise<boolean> {
    const answer = await lab.session.host('wire').get(`${node}:${port}`, '/healthz', { timeoutMs: 500 });
    return !isFailure(answer) && answer.status === 200;
  }

  it('should work for type=LoadBalancer', async () => {
    await lab.create('local', local);
    await lab.putBehind('local', 'server-1');
    const ip = await lab.address('local');
    const { healthCheckNodePort } = (await lab.get('local')).spec;
    expect(healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
    await untilAnsweredBy('server-1', ip, 80);
    expect(await lab.session.host('client').http(`${ip}:80`)).toMatchObject({ client: '192.168.49.100' });
    await expect.poll(() => isHealthy(NODE, healthCheckNodePort)).toBe(true);
    await lab.patch('local', { type: 'ClusterIP' });
    await expect.poll(() => isHealthy(NODE, healthCheckNodePort)).toBe(false);
    await lab.remove('local');
  });

  it('should only target nodes with endpoints', async () => {
    await lab.create('targets', local);
    const ip = await lab.address('targets');
    const { healthCheckNodePort } = (await lab.get('targets')).spec;
    for (const [pod, healthy, other] of [
      ['server-1', '192.168.49.2', '192.168.49.3'],
      ['server-2', '192.168.49.3', '192.168.49.2'],
    ] as const) {
      await lab.putBehind('targets', pod);
      await untilAnsweredBy(pod, ip, 80);
      await expect.poll(() => isHealthy(healthy, healthCheckNodePort)).toBe(true);
      await expect.poll(() => isHealthy(other, healthCheckNodePort)).toBe(false);
    }
    await lab.remove('targets');
  });

  it('should work from pods', async () => {
    await lab.create('from-pods', local);
    await lab.putBehind('from-pods', 'server-1');
    const ip = await lab.address('from-pods');
    await untilAnsweredBy('server-1', ip, 80, { from: 'dropped' });
    expect(await lab.session.host('dropped').http(`${ip}:80`)).toMatchObject({ client: '10.244.2.20' });
    await lab.remove('from-pods');
  });
});
