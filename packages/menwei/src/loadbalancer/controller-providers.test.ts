import { ControlledServices } from '@menwei/testing/loadbalancer/controlled-services.ts';
import { FakeBalancers } from '@menwei/testing/loadbalancer/fake-balancers.ts';
import { addressPool } from '@menwei/testing/loadbalancer/pools.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Balancers } from './balancer-watch.ts';

let cluster: ControlledServices;
let balancers: FakeBalancers;
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  cluster = await ControlledServices.open();
  cluster.pools = [addressPool('p', ['192.0.2.10-192.0.2.13'])];
  balancers = new FakeBalancers();
  await cluster.create('nodes', node('n1', '192.0.2.1'));
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await cluster.close();
});

const node = (name: string, address: string) => ({
  metadata: { name },
  status: { addresses: [{ type: 'InternalIP', address }] },
});
const service = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: {
    type: 'LoadBalancer',
    loadBalancerClass: 'menwei.dev/fake',
    clusterIP: '10.96.0.1',
    ports: [{ port: 80, nodePort: 30_001 }],
    ...spec,
  },
});
async function start(given: Balancers = balancers.openFor()) {
  const life = await cluster.start({ balancers: new Map([['menwei.dev/fake', given]]) });
  stops.push(life.stop);
  return life;
}
const ready = (name: string) =>
  cluster.service(name)?.status.conditions?.find(({ type }) => type === 'menwei.dev/LoadBalancerReady');
const told = () => cluster.events.map(({ reason }) => reason);

describe('a class of load balancers outside of the cluster', () => {
  it('is asked after the finalizer is there, and events tell what was done', async () => {
    const seen: unknown[] = [];
    const opened = balancers.openFor();
    await start({
      ...opened,
      put: (wish, signal) => {
        seen.push(cluster.service('a')?.metadata.finalizers);
        return opened.put(wish, signal);
      },
    });
    await cluster.create('services', service('a'));
    await cluster.settled();
    expect(seen[0]).toEqual(['menwei.dev/load-balancer']);
    expect(cluster.service('a')?.status.loadBalancer.ingress).toEqual([
      { ip: '192.0.2.10', ipMode: 'Proxy' },
    ]);
    expect(ready('a')).toMatchObject({ status: 'True', reason: 'Provisioned' });
    expect(told()).toEqual(['EnsuringLoadBalancer', 'EnsuredLoadBalancer']);
    await cluster.change('a', { metadata: { labels: { some: 'thing' } } });
    await cluster.settled();
    expect(told()).toHaveLength(2);
    await cluster.delete('a');
    await cluster.settled();
    expect(told().slice(2)).toEqual(['DeletingLoadBalancer', 'DeletedLoadBalancer']);
    expect(cluster.service('a')).toBeUndefined();
    expect(balancers.specs.size).toBe(0);
  });

  it('follows the nodes', async () => {
    await start();
    await cluster.create('services', service('a'));
    await cluster.settled();
    await cluster.create('nodes', node('n2', '192.0.2.2'));
    await cluster.settled();
    expect(balancers.specs.get('default/a')).toContain('n2');
  });

  it('that refuses says why in the condition, keeps the status, and is tried again when it says', async () => {
    let isAway = true;
    let tries = 0;
    const opened = balancers.openFor();
    await start({
      ...opened,
      put: async (wish, signal) => {
        tries++;
        if (!isAway) return await opened.put(wish, signal);
        const trouble = { reason: 'ProviderError', message: 'too many frontends' } as const;
        return { outcome: 'failed', trouble, retryAfterMs: 30, isPermanent: false };
      },
    });
    await cluster.create('services', service('a'));
    while (ready('a')?.reason !== 'ProviderError') await new Promise((resolve) => setTimeout(resolve, 5));
    expect(ready('a')).toMatchObject({ status: 'False', message: 'too many frontends' });
    let before = tries;
    while (tries < before + 1) await new Promise((resolve) => setTimeout(resolve, 5));
    const writes = cluster.writes.length;
    before = tries;
    while (tries < before + 2) await new Promise((resolve) => setTimeout(resolve, 5));
    // The same again is nothing to write or to tell.
    expect(cluster.writes).toHaveLength(writes);
    expect(told().filter((reason) => reason === 'SyncLoadBalancerFailed')).toHaveLength(1);
    isAway = false;
    await cluster.settled();
    expect(ready('a')).toMatchObject({ status: 'True' });
  });

  it('has nothing left of Services that went while nobody looked', async () => {
    balancers.specs.set('default/gone', '{}');
    await start();
    await cluster.settled();
    expect(balancers.specs.size).toBe(0);
  });

  it('tells of the annotation for source ranges, which it does not honour', async () => {
    await start();
    const annotations = { 'service.beta.kubernetes.io/load-balancer-source-ranges': '192.0.2.0/24' };
    await cluster.create('services', { ...service('a'), metadata: { name: 'a', annotations } });
    await cluster.settled();
    expect(told()).toEqual(['EnsuringLoadBalancer', 'AnnotationIgnored', 'EnsuredLoadBalancer']);
  });
});
