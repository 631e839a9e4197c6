import { ControlledServices } from '@menwei/testing/loadbalancer/controlled-services.ts';
import { addressPool } from '@menwei/testing/loadbalancer/pools.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from '../kubernetes/load-balancer-objects.ts';

let cluster: ControlledServices;
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  cluster = await ControlledServices.open();
  cluster.pools = [addressPool('p', ['192.0.2.10-192.0.2.12'])];
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await cluster.close();
});

let nextIp = 1;
const service = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: {
    type: 'LoadBalancer',
    loadBalancerClass: 'menwei.dev/l2',
    clusterIP: `10.96.0.${nextIp}`,
    ports: [{ port: 80, nodePort: 30_000 + nextIp++ }],
    ...spec,
  },
});

async function start(...given: Parameters<ControlledServices['start']>) {
  const life = await cluster.start(...given);
  stops.push(life.stop);
  return life;
}

const ready = (name: string) =>
  cluster.service(name)?.status.conditions?.find(({ type }) => type === 'menwei.dev/LoadBalancerReady');
const ips = (name: string) => cluster.service(name)?.status.loadBalancer.ingress?.map(({ ip }) => ip);
const told = () => cluster.events.map(({ reason, subject }) => `${subject.name} ${reason}`);

describe('the controller', () => {
  it('gives a Service an address, and says so', async () => {
    await start();
    await cluster.create('services', service('a'));
    await cluster.settled();
    expect(cluster.service('a')).toMatchObject({
      metadata: {
        finalizers: ['menwei.dev/load-balancer'],
        annotations: { 'menwei.dev/ip-allocated-from-pool': 'p' },
      },
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.10', ipMode: 'VIP' }] } },
    });
    expect(ready('a')).toMatchObject({ status: 'False', reason: 'NoEligibleNode' });
    expect(told()).toEqual(['a IPAllocated', 'a AnnouncementFailed']);
    expect(cluster.writes).toHaveLength(1);
  });

  it('writes nothing and tells nothing when it begins anew', async () => {
    const first = await cluster.start();
    for (const name of ['a', 'b', 'c', 'd']) await cluster.create('services', service(name));
    await cluster.settled();
    await first.stop();
    expect(['a', 'b', 'c', 'd'].map(ips)).toEqual([
      ['192.0.2.10'],
      ['192.0.2.11'],
      ['192.0.2.12'],
      undefined,
    ]);
    expect(ready('d')).toMatchObject({ reason: 'PoolExhausted' });
    const { writes, events } = { writes: cluster.writes.length, events: told() };
    await start();
    await cluster.settled();
    expect([cluster.writes.length, told()]).toEqual([writes, events]);
  });

  it('gives an address back when the Service is deleted, and the next one gets it', async () => {
    await start();
    for (const name of ['a', 'b', 'c', 'd']) await cluster.create('services', service(name));
    await cluster.settled();
    await cluster.delete('b');
    await cluster.settled();
    expect(cluster.service('b')).toBeUndefined();
    expect(ips('d')).toEqual(['192.0.2.11']);
  });

  it('takes all that is its own away when the type changes', async () => {
    await start();
    await cluster.create('services', service('a'));
    await cluster.settled();
    await cluster.change('a', { spec: { type: 'ClusterIP', loadBalancerClass: null } });
    await cluster.settled();
    const { metadata, status } = cluster.service('a') ?? {};
    expect(metadata?.finalizers ?? []).toEqual([]);
    expect(metadata?.annotations ?? {}).toEqual({});
    expect(status).toEqual({ loadBalancer: {} });
  });

  it('leaves alone what is another’s: classes, finalizers, and what is told to ignore', async () => {
    await start();
    await cluster.create('services', {
      ...service('other', { loadBalancerClass: 'example.com/lb' }),
      metadata: { name: 'other', finalizers: ['menwei.dev/load-balancer', 'example.com/f'] },
    });
    await cluster.create('services', service('classless', { loadBalancerClass: undefined }));
    const annotations = { 'menwei.dev/load-balancer-ignore': 'true' };
    await cluster.create('services', { ...service('ignored'), metadata: { name: 'ignored', annotations } });
    await cluster.delete('other');
    await cluster.settled();
    expect(cluster.writes).toEqual([]);
    expect(cluster.service('other')?.metadata.finalizers).toEqual([
      'menwei.dev/load-balancer',
      'example.com/f',
    ]);
  });

  it('keeps the finalizers of others, and asks nothing more of a Service on its way out (LQ-4)', async () => {
    await start();
    await cluster.create('services', {
      ...service('a'),
      metadata: { name: 'a', finalizers: ['example.com/f'] },
    });
    await cluster.settled();
    expect(cluster.service('a')?.metadata.finalizers).toEqual(['example.com/f', 'menwei.dev/load-balancer']);
    await cluster.delete('a');
    await cluster.settled();
    expect(cluster.service('a')?.metadata.finalizers).toEqual(['example.com/f']);
    const writes = cluster.writes.length;
    await cluster.change('a', { metadata: { labels: { x: 'y' } } });
    await cluster.settled();
    expect(cluster.writes).toHaveLength(writes);
  });

  it('handles Services without a class by upstream’s finalizer, if it is to', async () => {
    const classes = new Set(['menwei.dev/l2']);
    await start({ claims: { classes, classlessAs: 'menwei.dev/l2', providerClasses: new Set() } });
    await cluster.create('services', service('a', { loadBalancerClass: undefined }));
    await cluster.settled();
    expect(cluster.service('a')?.metadata.finalizers).toEqual([
      'service.kubernetes.io/load-balancer-cleanup',
    ]);
    await cluster.delete('a');
    await cluster.settled();
    expect(cluster.service('a')).toBeUndefined();
  });

  it('tells of an address that stays unannounced what each node lacks', async () => {
    let nowMs = Date.now();
    cluster.leases = [
      {
        ...{ kind: 'Lease', namespace: 'kube-system', name: 'menwei-announce-n1', holderIdentity: 'n1' },
        ...{ leaseDurationMs: 60_000, renewTimeMs: nowMs, annotations: new Map() },
      },
    ];
    const lookAtNodes = () => (address: string) => `${address} is not announced: n1 has no network`;
    await start({ now: () => nowMs, lookAtNodes });
    await cluster.create('nodes', { metadata: { name: 'n1' } });
    await cluster.create('services', service('a'));
    await cluster.create('endpointslices', {
      metadata: { name: 'a-1', labels: { 'kubernetes.io/service-name': 'a' } },
      ...{ addressType: 'IPv4', ports: [{ port: 80 }], endpoints: [{ addresses: ['10.244.0.1'] }] },
    });
    await cluster.settled();
    expect(ready('a')).toMatchObject({ reason: 'NotAnnounced' });
    nowMs += 10_000;
    await cluster.create('services', service('b', { loadBalancerClass: 'example.com/lb' }));
    await cluster.settled();
    expect(cluster.events.filter(({ reason }) => reason === 'AnnouncementFailed')).toMatchObject([
      { note: 'NotAnnounced: 192.0.2.10 is not announced: n1 has no network' },
    ]);
  });

  it('stops writing a status that somebody else writes, too', async () => {
    await start();
    await cluster.create('services', service('a'));
    await cluster.settled();
    const foreign = { status: { loadBalancer: { ingress: [{ ip: '198.51.100.1', ipMode: 'VIP' }] } } };
    await cluster.change('a', foreign, '/status');
    await cluster.settled();
    expect(ips('a')).toEqual(['192.0.2.10']);
    await cluster.change('a', foreign, '/status');
    await cluster.settled();
    expect(ips('a')).toEqual(['198.51.100.1']);
    expect(ready('a')).toMatchObject({ status: 'False', reason: 'Contested' });
    expect(told().filter((line) => line === 'a LoadBalancerContested')).toHaveLength(1);
    const writes = cluster.writes.length;
    await cluster.change(
      'a',
      { status: { loadBalancer: { ingress: [{ ip: '198.51.100.2', ipMode: 'VIP' }] } } },
      '/status',
    );
    await cluster.settled();
    expect(cluster.writes).toHaveLength(writes);
    await cluster.change('a', { spec: { sessionAffinity: 'ClientIP' } });
    await cluster.settled();
    expect(ips('a')).toEqual(['192.0.2.10']);
  });
});

it('an address whose pool is edited stays one of that pool, or it would be announced no more', async () => {
  const { objects } = await start();
  await cluster.create('services', service('a'));
  await cluster.settled();
  objects.put(addressPool('p', ['192.0.2.20']));
  await cluster.settled();
  expect(ips('a')).toEqual(['192.0.2.10']);
  expect(ready('a')).toMatchObject({ reason: 'AddressOutsidePools' });
  expect(cluster.service('a')?.metadata.annotations).toEqual({ 'menwei.dev/ip-allocated-from-pool': 'p' });
});

describe('an address that a machine which is no node has', () => {
  const conflict: Lease = {
    kind: 'Lease',
    namespace: 'kube-system',
    name: 'menwei-announce-n1',
    holderIdentity: 'n1',
    leaseDurationMs: 60_000,
    renewTimeMs: 1,
    annotations: new Map([['menwei.dev/conflicts', '192.0.2.10 02:00:00:00:00:ff eth0']]),
  };

  it.each(['begins', 'works'])('is given to nobody, if that is told while a controller %s', async (when) => {
    if (when === 'begins') cluster.leases = [conflict];
    const life = await start();
    await cluster.create('services', service('a'));
    await cluster.settled();
    if (when === 'works') life.objects.put(conflict);
    await cluster.settled();
    expect(ips('a')).toEqual(['192.0.2.11']);
    expect(life.controller.rows.get('default/a')?.addresses).toEqual(['192.0.2.11']);
  });
});

describe('class menwei.dev/node', () => {
  const node = (name: string, ip: string, labels = {}) => ({
    metadata: { name, labels },
    status: { addresses: [{ type: 'InternalIP', address: ip }] },
  });
  const EXCLUDE = 'node.kubernetes.io/exclude-from-external-load-balancers';

  it('gives the addresses of the nodes, and follows them', async () => {
    await start();
    await cluster.create('nodes', node('n1', '192.0.2.1'));
    await cluster.create('nodes', node('n2', '192.0.2.2', { [EXCLUDE]: '' }));
    await cluster.create('nodes', node('n3', '192.0.2.3', { [EXCLUDE]: 'false' }));
    await cluster.create('services', service('a', { loadBalancerClass: 'menwei.dev/node' }));
    await cluster.settled();
    expect(ips('a')).toEqual(['192.0.2.1', '192.0.2.3']);
    expect(ready('a')).toMatchObject({ status: 'True', reason: 'Provisioned' });
    await cluster.create('nodes', node('n4', '192.0.2.4'));
    await cluster.settled();
    expect(ips('a')).toEqual(['192.0.2.1', '192.0.2.3', '192.0.2.4']);
  });

  it('names the label that leaves no node', async () => {
    await start();
    await cluster.create('nodes', node('n2', '192.0.2.2', { [EXCLUDE]: '' }));
    await cluster.create('services', service('a', { loadBalancerClass: 'menwei.dev/node' }));
    await cluster.settled();
    expect(ready('a')).toMatchObject({ reason: 'NoEligibleNode', message: expect.stringContaining(EXCLUDE) });
    const labelled = cluster.events.filter(({ note }) => note.includes(EXCLUDE));
    expect(labelled).toHaveLength(1);
  });

  it.each([22, 6443, 10250])('does not give port %i, which is the nodes’ own', async (port) => {
    await start();
    await cluster.create('nodes', node('n1', '192.0.2.1'));
    const ports = [{ port, nodePort: 31_000 }];
    await cluster.create('services', service('a', { loadBalancerClass: 'menwei.dev/node', ports }));
    await cluster.settled();
    expect(ips('a')).toBeUndefined();
    expect(ready('a')).toMatchObject({
      reason: 'PortConflict',
      message: `port ${port}/TCP is one that nodes have for themselves`,
    });
  });

  it('gives a port of the nodes to one Service, the oldest', async () => {
    await start();
    await cluster.create('nodes', node('n1', '192.0.2.1'));
    await cluster.create('services', service('a', { loadBalancerClass: 'menwei.dev/node' }));
    await cluster.create('services', service('b', { loadBalancerClass: 'menwei.dev/node' }));
    await cluster.settled();
    expect(ready('b')).toMatchObject({
      reason: 'PortConflict',
      message: 'port 80/TCP of the nodes is used by default/a',
    });
    await cluster.delete('a');
    await cluster.settled();
    expect(ips('b')).toEqual(['192.0.2.1']);
  });
});

describe('an address of a node', () => {
  const node = (name: string, address: string) => ({
    metadata: { name },
    status: { addresses: [{ type: 'InternalIP', address }] },
  });

  it('is given to nobody, also not to who asks for it', async () => {
    await cluster.create('nodes', node('n1', '192.0.2.10'));
    await start();
    await cluster.create('services', service('a'));
    await cluster.create('services', service('b', { loadBalancerIP: '192.0.2.10' }));
    await cluster.settled();
    expect(ips('a')).toEqual(['192.0.2.11']);
    expect(ips('b')).toBeUndefined();
    expect(ready('b')).toMatchObject({
      reason: 'AddressInUse',
      message: '192.0.2.10 is used by node n1, whose own address it is',
    });
  });

  it('is taken from who has it when the node comes, and free when it goes', async () => {
    await start();
    await cluster.create('services', service('a'));
    await cluster.settled();
    await cluster.create('nodes', node('n1', '192.0.2.10'));
    await cluster.create('services', service('b', { loadBalancerIP: '192.0.2.10' }));
    await cluster.settled();
    expect(ips('a')).toEqual(['192.0.2.11']);
    expect(ips('b')).toBeUndefined();
    await cluster.delete('n1', 'nodes');
    await cluster.settled();
    expect(ips('b')).toEqual(['192.0.2.10']);
  });
});
