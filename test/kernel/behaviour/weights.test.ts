/** Weights of endpoints and slow start, told by who answers real connections. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import { isFailure, type Tally } from '@menwei/lab/outcome.ts';
import { describe, expect, it } from 'vitest';
import { type Offer, unready } from './offer.ts';
import { type PublishedService, SILENCE } from './published-service.ts';
import { describeModes, describeTraffic } from './suite.ts';
import { clientAddresses, FAMILIES } from './topology.ts';

const PODS = ['a1', 'a2', 'b1'];
const COUNT = 300;
/** Of a fair spread over three pods, one in 10^9 is this far off (chi-square, two degrees of freedom). */
const MOST = -2 * Math.log(1e-9);
/** The ipvs mode's default passes weights over. */
const WRR = { 'menwei.dev/ipvs-scheduler': 'wrr' };

/** How far the answers of pods are from these weights, in the measure of {@link MOST}. */
function farFrom(weights: readonly number[], { failed, byPod }: Tally): number {
  expect(failed).toBe(0);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const asked = Object.values(byPod).reduce((sum, count) => sum + count, 0);
  return weights.reduce((sum, weight, index) => {
    const expected = (asked * weight) / whole;
    return sum + ((byPod[PODS[index] ?? ''] ?? 0) - expected) ** 2 / expected;
  }, 0);
}

describeModes('weights', (cluster) => {
  /** Pods of the lab have no Pod objects, so their weights go by address. */
  const weighed = (family: IpFamily, weights: readonly number[], more: Offer['annotations'] = {}) => ({
    annotations: {
      ...WRR,
      ...more,
      'menwei.dev/weight': PODS.map(
        (pod, index) => `${cluster.addressOf(pod, family)}=${weights[index]}`,
      ).join(),
    },
  });
  const spread = (web: PublishedService) => web.askOften(COUNT, 'visitor-a', web.clusterIP);

  describeTraffic(cluster, (family, protocol) => {
    it('0 takes a pod out of the rotation, and all of them out of service', async () => {
      const offer = { family, protocol, pods: PODS };
      const web = await cluster.publish({ ...offer, ...weighed(family, [1, 0, 1]) });
      const { failed, byPod } = await web.askOften(60, 'visitor-a', web.clusterIP);
      expect([failed, Object.keys(byPod).sort()]).toEqual([0, ['a1', 'b1']]);
      await web.update(weighed(family, [0, 0, 0]));
      expect(await web.ask('visitor-a', web.clusterIP, SILENCE)).toMatchObject({ error: 'refused' });
    });
  });

  describe.concurrent.each(FAMILIES)('over %s', (family) => {
    const offer = { family, protocol: 'TCP', pods: PODS } as const;

    it.each(['TCP', 'UDP'] as const)(
      'give each pod its share, also when they change, of %s',
      async (protocol) => {
        const web = await cluster.publish({ ...offer, protocol, ...weighed(family, [1, 2, 5]) });
        expect(farFrom([1, 2, 5], await spread(web))).toBeLessThan(MOST);
        await web.update(weighed(family, [500, 200, 100]));
        expect(farFrom([5, 2, 1], await spread(web))).toBeLessThan(MOST);
      },
    );

    it('that change leave each client with its pod, unless that has none any more', async () => {
      const web = await cluster.publish({
        ...offer,
        ...weighed(family, [1, 2, 5]),
        spec: { sessionAffinity: 'ClientIP' },
      });
      const draw = () =>
        Promise.all(
          clientAddresses(family).map(async (from) => {
            const outcome = await web.ask('client', web.clusterIP, { from });
            return isFailure(outcome) ? outcome.error : outcome.pod;
          }),
        );
      const first = await draw();
      expect(new Set(first).size).toBeGreaterThan(1);
      await web.update(weighed(family, [5, 2, 1]));
      expect(await draw()).toEqual(first);
      await web.update(weighed(family, [5, 0, 1]));
      expect(await draw()).not.toContain('a2');
    });

    it('begin with a tenth when a pod comes back, with slow start', async () => {
      // So long that the first step is not over before the test.
      const slow = weighed(family, [1, 1, 1], { 'menwei.dev/slow-start': '1h' });
      const web = await cluster.publish({ ...offer, ...slow });
      expect(farFrom([1, 1, 1], await spread(web))).toBeLessThan(MOST);
      await web.update({ pods: ['a1', 'a2', unready('b1')] });
      await web.update({ pods: PODS });
      expect(farFrom([10, 10, 1], await spread(web))).toBeLessThan(MOST);
    });

    it('grow with slow start to all that a pod is to have', async () => {
      const durationMs = 4_000;
      const slow = weighed(family, [1, 1, 2], { 'menwei.dev/slow-start': `${durationMs / 1_000}s` });
      const web = await cluster.publish({ ...offer, ...slow, pods: ['a1', 'a2'] });
      await web.update({ pods: PODS });
      const startedMs = performance.now();
      const looks: { atMs: number; share: number }[] = [];
      let isGrown = false;
      while (!isGrown) {
        const tally = await spread(web);
        looks.push({ atMs: performance.now() - startedMs, share: (tally.byPod.b1 ?? 0) / COUNT });
        isGrown = performance.now() - startedMs > durationMs && farFrom([1, 1, 2], tally) < MOST;
      }
      // On a busy machine the first look may come late, and then it says nothing.
      const [first, middle] = [looks[0], looks.find(({ atMs }) => atMs > durationMs / 3)];
      if (first !== undefined && first.atMs < durationMs / 3) expect(first.share).toBeLessThan(0.25);
      if (first !== undefined && middle !== undefined && middle !== first && middle.atMs < durationMs / 2) {
        expect(middle.share).toBeGreaterThan(first.share);
        expect(middle.share).toBeLessThan(0.45);
      }
    });
  });
});
