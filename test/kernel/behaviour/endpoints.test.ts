/** Which pods of a Service get its traffic. */

import type { Tally } from '@menwei/lab/outcome.ts';
import { describe, expect, it } from 'vitest';
import { leaving, unready } from './offer.ts';
import { describeModes, describeTraffic } from './suite.ts';

/**
 * Pearson's statistic of how far from equal the shares are. Over three pods a fair choice exceeds 37 once in a
 * hundred million times; with 900 requests, probabilities that are off by a step exceed it nearly always.
 */
function unevenness(tally: Tally, pods: readonly string[]): number {
  const expected = tally.total / pods.length;
  return pods
    .map((pod) => ((tally.byPod[pod] ?? 0) - expected) ** 2 / expected)
    .reduce((sum, term) => sum + term, 0);
}

describeModes('the pods behind a Service', (cluster) => {
  describeTraffic(cluster, (family, protocol) => {
    it.each([
      ['visitor-a', 900],
      ['one', 300],
      ['client', 300],
    ] as const)('share what comes from %s equally', async (from, count) => {
      const pods = ['a1', 'a2', 'b1'];
      const web = await cluster.publish({ family, protocol, pods });
      // Where turns are taken, few requests tell.
      const total = cluster.mode.takesTurns ? count / 10 : count;
      const tally = await web.askOften(total, from, web.clusterIP);
      expect(tally).toMatchObject({ total, failed: 0 });
      expect(unevenness(tally, pods)).toBeLessThan(37);
    });

    it('are none: whoever asks is refused at once, and served once there is one', async () => {
      const web = await cluster.publish({
        family,
        protocol,
        nodePort: true,
        externalIP: true,
        loadBalancer: {},
        pods: [],
      });
      const ways = [
        ['visitor-a', web.clusterIP],
        ['one', web.clusterIP],
        ['client', web.clusterIP],
        ['client', web.nodePortOf('one')],
        ['visitor-a', web.nodePortOf('two')],
        ['one', web.nodePortOf('one')],
        ['client', web.externalIP],
        ['visitor-a', web.externalIP],
        ['client', web.loadBalancerIP],
      ] as const;
      for (const [from, target] of ways) {
        expect({ from, target, ...(await web.ask(from, target)) }).toMatchObject({
          from,
          target,
          error: 'refused',
        });
      }
      await web.update({ pods: ['b1'] });
      for (const [from, target] of ways) {
        expect({ from, target, ...(await web.ask(from, target)) }).toMatchObject({ from, target, pod: 'b1' });
      }
    });

    it('take over from one that turns unready, without a single failure', async () => {
      const web = await cluster.publish({ family, protocol, pods: ['a1', 'a2', 'b1'] });
      let isProgrammed = false;
      const change = web.update({ pods: ['a1', 'a2', unready('b1')] }).finally(() => {
        isProgrammed = true;
      });
      const before: Tally[] = [];
      while (!isProgrammed) before.push(await web.askOften(20, 'visitor-a', web.clusterIP));
      await change;
      expect(before.map(({ failures }) => failures)).toEqual(before.map(() => ({})));
      const after = await web.askOften(60, 'visitor-a', web.clusterIP);
      expect(after).toMatchObject({ failed: 0 });
      expect(Object.keys(after.byPod).sort()).toEqual(['a1', 'a2']);
    });

    it('are refused traffic while all are unready', async () => {
      const web = await cluster.publish({ family, protocol, pods: [unready('a1'), unready('b1')] });
      expect(await web.ask('visitor-a', web.clusterIP)).toMatchObject({ error: 'refused' });
    });

    it('still serve while they leave, if no other is there', async () => {
      const web = await cluster.publish({
        family,
        protocol,
        nodePort: true,
        pods: [leaving('a1'), leaving('b1')],
      });
      for (const [from, target] of [
        ['visitor-a', web.clusterIP],
        ['client', web.nodePortOf('one')],
      ] as const) {
        const tally = await web.askOften(40, from, target);
        expect(tally).toMatchObject({ failed: 0 });
        expect(Object.keys(tally.byPod).sort()).toEqual(['a1', 'b1']);
      }
      await web.update({ pods: [leaving('a1'), leaving('b1'), 'a2'] });
      expect(await web.askOften(20, 'visitor-a', web.clusterIP)).toMatchObject({ byPod: { a2: 20 } });
      expect(await web.askOften(20, 'client', web.nodePortOf('two'))).toMatchObject({ byPod: { a2: 20 } });
    });

    describe('with topology hints', () => {
      it('serve the zone they are meant for, wherever they are', async () => {
        const web = await cluster.publish({
          family,
          protocol,
          nodePort: true,
          pods: [
            { pod: 'a1', zoneHints: ['west'] },
            { pod: 'b1', zoneHints: ['east'] },
          ],
        });
        expect(await web.askOften(20, 'visitor-a', web.clusterIP)).toMatchObject({ byPod: { b1: 20 } });
        expect(await web.askOften(20, 'visitor-b', web.clusterIP)).toMatchObject({ byPod: { a1: 20 } });
        expect(await web.askOften(20, 'client', web.nodePortOf('two'))).toMatchObject({ byPod: { a1: 20 } });
      });

      it('serve everybody as soon as one of them has no hint', async () => {
        const web = await cluster.publish({
          family,
          protocol,
          pods: [{ pod: 'a1', zoneHints: ['west'] }, { pod: 'b1', zoneHints: ['east'] }, 'a2'],
        });
        const tally = await web.askOften(60, 'visitor-a', web.clusterIP);
        expect(Object.keys(tally.byPod).sort()).toEqual(['a1', 'a2', 'b1']);
      });

      it('serve the node they are meant for', async () => {
        const web = await cluster.publish({
          family,
          protocol,
          pods: [
            { pod: 'a1', nodeHints: ['two'], zoneHints: ['east'] },
            { pod: 'b1', nodeHints: ['one'], zoneHints: ['west'] },
          ],
        });
        expect(await web.askOften(20, 'visitor-a', web.clusterIP)).toMatchObject({ byPod: { b1: 20 } });
        expect(await web.askOften(20, 'visitor-b', web.clusterIP)).toMatchObject({ byPod: { a1: 20 } });
      });
    });
  });
});
