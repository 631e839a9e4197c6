import { ControlledServices } from '@menwei/testing/loadbalancer/controlled-services.ts';
import { FakeBalancers } from '@menwei/testing/loadbalancer/fake-balancers.ts';
import { type Fate, Mortality } from '@menwei/testing/loadbalancer/mortality.ts';
import { addressPool } from '@menwei/testing/loadbalancer/pools.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A process that dies anywhere in a sync is continued by the next one (load-balancer § 11). */

let cluster: ControlledServices;
let opened: ControlledServices;
let balancers: FakeBalancers;
beforeEach(async () => {
  opened = await ControlledServices.open();
  cluster = opened;
  cluster.pools = [addressPool('p', ['192.0.2.10-192.0.2.13'])];
  balancers = new FakeBalancers();
});
afterEach(() => opened.close());

const CLASSES = ['menwei.dev/l2', 'menwei.dev/fake'];
const service = (name: string, index: number) => ({
  metadata: { name },
  spec: {
    type: 'LoadBalancer',
    loadBalancerClass: CLASSES[index % CLASSES.length],
    clusterIP: `10.96.0.${index + 1}`,
    ports: [{ port: 80, nodePort: 30_000 + index }],
  },
});
const start = (mortality?: Mortality) =>
  cluster.start({ balancers: new Map([['menwei.dev/fake', balancers.openFor(mortality)]]) }, mortality);

/** What users and other programs see of all Services. */
const seen = (names: readonly string[]) =>
  names.map((name) => {
    const { metadata, status } = cluster.service(name) ?? {};
    const reasons = status?.conditions?.map(({ reason }) => reason);
    return [name, metadata?.finalizers, status?.loadBalancer.ingress, reasons];
  });

const CHANGES: readonly [string, () => Promise<void>][] = [
  ['create a', () => cluster.create('services', service('a', 0))],
  ['create b', () => cluster.create('services', service('b', 1))],
  ['create c', () => cluster.create('services', service('c', 2))],
  [
    'b gets another type',
    () => cluster.change('b', { spec: { type: 'ClusterIP', loadBalancerClass: null } }),
  ],
  ['delete a', () => cluster.delete('a')],
  ['create d', () => cluster.create('services', service('d', 3))],
];

/** Runs all changes; after each a controller works until it is settled or dead, and is followed by another one. */
async function runThrough(fateOf: (step: number) => Fate): Promise<void> {
  for (const [, change] of CHANGES) {
    await change();
    for (const mortality of [new Mortality(fateOf), new Mortality(() => undefined)]) {
      const life = await start(mortality);
      await cluster.settled();
      await life.stop();
    }
  }
}

/** Of a kind and an object, each told so often. */
const tally = () =>
  Map.groupBy(cluster.events, ({ subject, reason, note }) => `${subject.name} ${reason} ${note}`);

const STEPS = [1, 2, 3, 4];

describe('a controller that dies', () => {
  it.each(STEPS.flatMap((step) => (['die before', 'die after'] as const).map((fate) => ({ fate, step }))))(
    'is told to $fate step $step, and leaves what one leaves that lives',
    async ({ fate, step }) => {
      await runThrough((number) => (number === step ? fate : undefined));
      const ip = expect.stringMatching(/^192\.0\.2\.1[0-3]$/);
      expect(seen(['a', 'b', 'c', 'd'])).toEqual([
        ['a', undefined, undefined, undefined],
        ['b', undefined, undefined, undefined],
        ['c', ['menwei.dev/load-balancer'], [{ ip: '192.0.2.12', ipMode: 'VIP' }], ['NoEligibleNode']],
        ['d', ['menwei.dev/load-balancer'], [{ ip, ipMode: 'Proxy' }], ['NoEligibleNode']],
      ]);
      expect([...balancers.specs.keys()]).toEqual(['default/d']);
      for (const [what, all] of tally()) expect([what, all.length]).toEqual([what, 1]);
    },
  );
});

describe('a world that fails one time in ten', () => {
  it('is left with nothing wrong', async () => {
    const fates = fc.array(fc.nat(19), { minLength: 40, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fates, async (numbers) => {
        await using world = await ControlledServices.open();
        cluster = world;
        cluster.pools = [addressPool('p', ['192.0.2.10-192.0.2.13'])];
        balancers = new FakeBalancers();
        const chance = (step: number) => numbers[step % numbers.length] ?? 0;
        const life = await start(
          new Mortality((step) =>
            chance(step) === 0 ? 'fail before' : chance(step) === 1 ? 'fail after' : undefined,
          ),
        );
        for (const [, change] of CHANGES) {
          await change();
          await cluster.settled();
        }
        await life.stop();
        const ips = seen(['c', 'd']).flatMap(([, , ingress]) => JSON.stringify(ingress));
        expect(new Set(ips).size).toBe(2);
        expect(seen(['a', 'b'])).toEqual([
          ['a', undefined, undefined, undefined],
          ['b', undefined, undefined, undefined],
        ]);
        expect([...balancers.specs.keys()]).toEqual(['default/d']);
      }),
      { numRuns: 3 },
    );
  });
});
