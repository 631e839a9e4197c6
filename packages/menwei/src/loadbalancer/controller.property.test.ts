import { ControlledServices } from '@menwei/testing/loadbalancer/controlled-services.ts';
import { FakeBalancers } from '@menwei/testing/loadbalancer/fake-balancers.ts';
import { addressPool } from '@menwei/testing/loadbalancer/pools.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const NAMES = ['a', 'b', 'c', 'd'];
const CLASSES = ['menwei.dev/l2', 'menwei.dev/node', 'menwei.dev/fake'];
const OURS = 'menwei.dev/load-balancer';

const change = fc.oneof(
  fc.record({
    what: fc.constant('create' as const),
    name: fc.constantFrom(...NAMES),
    served: fc.constantFrom(...CLASSES),
  }),
  fc.record({
    what: fc.constantFrom(
      'delete' as const,
      'other type' as const,
      'type again' as const,
      'label' as const,
      'ignore' as const,
      'heed' as const,
    ),
    name: fc.constantFrom(...NAMES),
  }),
  fc.record({ what: fc.constantFrom('node' as const, 'restart' as const, 'other pool' as const) }),
);

type Step = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

let serial = 0;

async function apply(cluster: ControlledServices, step: Step): Promise<void> {
  switch (step.what) {
    case 'create':
      if (cluster.service(step.name) !== undefined) return;
      serial++;
      return await cluster.create('services', {
        metadata: { name: step.name },
        spec: {
          type: 'LoadBalancer',
          loadBalancerClass: step.served,
          clusterIP: `10.96.${serial >> 8}.${serial & 255}`,
          ports: [{ port: 80, nodePort: 30_000 + (serial % 2_000) }],
        },
      });
    case 'node':
      serial++;
      return await cluster.create('nodes', {
        metadata: { name: `n${serial}` },
        status: {
          addresses: [{ type: 'InternalIP', address: `198.51.${(serial >> 8) & 255}.${serial & 255}` }],
        },
      });
    case 'restart':
    case 'other pool':
      return;
    default:
      if (cluster.service(step.name) === undefined) return;
  }
  switch (step.what) {
    case 'delete':
      return await cluster.delete(step.name);
    case 'other type':
      return await cluster.change(step.name, { spec: { type: 'ClusterIP', loadBalancerClass: null } });
    case 'type again':
      return await cluster.change(step.name, {
        spec: { type: 'LoadBalancer', loadBalancerClass: undefined },
      });
    case 'label':
      return await cluster.change(step.name, { metadata: { labels: { at: String(serial++) } } });
    case 'ignore':
    case 'heed': {
      const annotations = { 'menwei.dev/load-balancer-ignore': String(step.what === 'ignore') };
      return await cluster.change(step.name, { metadata: { annotations } });
    }
  }
}

function check(cluster: ControlledServices, balancers: FakeBalancers): void {
  const shared: string[] = [];
  for (const name of NAMES) {
    const { metadata, spec, status } = cluster.service(name) ?? {};
    const served = spec?.loadBalancerClass ?? '';
    const isIgnored = metadata?.annotations?.['menwei.dev/load-balancer-ignore'] === 'true';
    const isManaged = spec?.type === 'LoadBalancer' && CLASSES.includes(served) && !isIgnored;
    const ready = status?.conditions?.find(({ type }) => type === 'menwei.dev/LoadBalancerReady');
    const ips = status?.loadBalancer.ingress?.map(({ ip }) => ip ?? '') ?? [];
    expect([name, metadata?.finalizers?.includes(OURS) ?? false]).toEqual([name, isManaged]);
    expect([name, ready !== undefined]).toEqual([name, isManaged]);
    expect([name, balancers.specs.has(`default/${name}`)]).toEqual([
      name,
      isManaged && served === 'menwei.dev/fake' && ips.length > 0,
    ]);
    if (!isManaged) expect([name, ips]).toEqual([name, []]);
    else if (ips.length === 0) expect(ready?.status).toBe('False');
    if (served !== 'menwei.dev/node') shared.push(...ips);
  }
  expect(new Set(shared).size).toBe(shared.length);
}

it('whatever happens, each Service has what is its own, nobody has the same, and a restart changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 25 }), async (steps) => {
      await using cluster = await ControlledServices.open();
      const balancers = new FakeBalancers();
      cluster.pools = [addressPool('p', ['192.0.2.10-192.0.2.12'])];
      const start = () => cluster.start({ balancers: new Map([['menwei.dev/fake', balancers.openFor()]]) });
      let life = await start();
      for (const step of steps) {
        await apply(cluster, step);
        if (step.what === 'other pool') life.objects.put(addressPool('p', ['192.0.2.11-192.0.2.14']));
        await cluster.settled();
        check(cluster, balancers);
        if (step.what !== 'restart') continue;
        const before = [cluster.writes.length, cluster.events.length, cluster.store.revision];
        await life.stop();
        cluster.pools = [...life.objects.addressPools.rows.values()];
        life = await start();
        await cluster.settled();
        expect([cluster.writes.length, cluster.events.length, cluster.store.revision]).toEqual(before);
      }
      await life.stop();
    }),
    { numRuns: 12 },
  );
});
