import { aWish, describeProvider } from '@menwei/testing/loadbalancer/conformance.ts';
import { FakeBalancer, FakeProvider } from '@menwei/testing/loadbalancer/fake-provider.ts';
import { HostileProvider, MISBEHAVIOURS } from '@menwei/testing/loadbalancer/hostile-provider.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BalancerEngine } from './balancer-engine.ts';
import { type BalancerWish, balancerRequest } from './balancer-request.ts';

const { signal } = new AbortController();

describeProvider('in memory', async () => {
  const balancer = new FakeBalancer();
  return {
    open: (cluster = 'c1') => new FakeProvider(balancer, { cluster }),
    setAway: async (isAway) => {
      balancer.isAway = isAway;
    },
    meddle: async (service) => balancer.meddle('c1', service),
    [Symbol.asyncDispose]: async () => undefined,
  };
});

/** Versions of a few Services, told by a number. */
function wishOf(number: number, version: number): BalancerWish {
  const ports = Array.from({ length: 1 + (version % 3) }, (_, index) => ({
    name: `p${index}`,
    port: 80 + index,
    nodePort: 30_080 + index + version,
  }));
  return aWish({ name: `web-${number}`, ports }, [], [`192.0.2.${number}`]);
}

describe('the engine', () => {
  it('never says of something that failed that it was done, and ends up with what is wanted', async () => {
    const step = fc.record({
      what: fc.constantFrom('put', 'put', 'remove', 'look', 'meddle', 'forget', 'restart'),
      number: fc.integer({ min: 1, max: 4 }),
      version: fc.integer({ min: 0, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(), async (steps, seed) => {
        const balancer = new FakeBalancer();
        let provider = new FakeProvider(balancer, { cluster: 'c1', faults: { seed, rate: 0.3 } });
        let engine = new BalancerEngine(provider);
        const wanted = new Map<string, BalancerWish>();
        const isWanted = (key: string) => wanted.has(key);
        const isThere = (key: string) => balancer.specOf('c1', key);
        const look = async () => await engine.look(isWanted, signal).catch(() => undefined);
        await look();
        for (const { what, number, version } of steps) {
          const key = `ns/web-${number}`;
          if (what === 'put') {
            const wish = wishOf(number, version);
            // What it lost, nobody knows of before the next look.
            const isLost = !balancer.balancers.has(`c1:${key}`);
            wanted.set(key, wish);
            const outcome = await engine.put(wish, signal);
            if (outcome.outcome === 'done' && !(isLost && !outcome.isChanged)) {
              const decision = balancerRequest(wish, provider.supports);
              expect('request' in decision && decision.request).toEqual(isThere(key));
            }
          } else if (what === 'remove') {
            wanted.delete(key);
            const outcome = await engine.remove(key, signal);
            if (outcome.outcome === 'done') expect(isThere(key)).toBeUndefined();
          } else if (what === 'look') await look();
          else if (what === 'meddle') balancer.meddle('c1', key);
          else if (what === 'forget') balancer.forget();
          else {
            provider = new FakeProvider(balancer, { cluster: 'c1', faults: { seed: seed + 1, rate: 0.3 } });
            engine = new BalancerEngine(provider);
            await look();
          }
        }
        provider.faults.stop();
        await engine.look(isWanted, signal);
        for (const wish of wanted.values()) {
          expect(await engine.put(wish, signal)).toMatchObject({ outcome: 'done' });
        }
        expect([...balancer.balancers.keys()].sort()).toEqual(
          [...wanted.keys()].map((key) => `c1:${key}`).sort(),
        );
        for (const [key, wish] of wanted) {
          const decision = balancerRequest(wish, provider.supports);
          expect('request' in decision && decision.request).toEqual(isThere(key));
        }
        expect([...balancer.balancers.values()].filter(({ drift }) => drift !== '')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it.each(MISBEHAVIOURS)('outlives a provider that %s', async (misbehaviour) => {
    const balancer = new FakeBalancer();
    const provider = new HostileProvider(new FakeProvider(balancer, { cluster: 'c1' }));
    const engine = new BalancerEngine(provider);
    await engine.look(() => true, signal);
    expect(await engine.put(wishOf(1, 2), signal)).toMatchObject({ outcome: 'done' });
    provider.misbehaviour = misbehaviour;
    const limited = AbortSignal.timeout(50);
    const outcome = await engine.put(wishOf(1, 4), limited);
    const decision = balancerRequest(wishOf(1, 4), provider.supports);
    const isThere = JSON.stringify(balancer.specOf('c1', 'ns/web-1'));
    if (outcome.outcome === 'done' && misbehaviour !== 'forgets') {
      expect(isThere).toBe(JSON.stringify('request' in decision ? decision.request : undefined));
    }
    if (outcome.outcome === 'failed') expect(outcome.trouble).toMatchObject({ reason: 'ProviderError' });
    await engine.look(() => true, limited).catch(() => undefined);
    provider.misbehaviour = 'none';
    await engine.look(() => true, signal);
    expect(await engine.put(wishOf(1, 4), signal)).toMatchObject({
      outcome: 'done',
      ingress: [{ ip: '192.0.2.1' }],
    });
    expect(balancer.specOf('c1', 'ns/web-1')).toEqual('request' in decision ? decision.request : undefined);
    expect(await engine.remove('ns/web-1', signal)).toMatchObject({ outcome: 'done' });
    expect(balancer.balancers.size).toBe(0);
  });

  it('passes on how long to wait, and that it makes no sense to try again', async () => {
    const provider = new HostileProvider(new FakeProvider(new FakeBalancer(), { cluster: 'c1' }));
    const engine = new BalancerEngine(provider);
    provider.misbehaviour = 'is busy';
    expect(await engine.put(wishOf(1, 1), signal)).toMatchObject({ retryAfterMs: 7_000, isPermanent: false });
    provider.misbehaviour = 'refuses for good';
    expect(await engine.put(wishOf(1, 1), signal)).toMatchObject({ isPermanent: true });
  });
});
