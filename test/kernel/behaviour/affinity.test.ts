/** sessionAffinity ClientIP. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isFailure } from '@menwei/lab/outcome.ts';
import { expect, it } from 'vitest';
import { unready } from './offer.ts';
import type { PublishedService } from './published-service.ts';
import { describeModes, describeTraffic } from './suite.ts';
import { clientAddress, clientAddresses } from './topology.ts';

function affinity(timeoutSeconds: number) {
  return { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds } } };
}

const PODS = ['a1', 'a2', 'b1'];

describeModes('session affinity', (cluster) => {
  describeTraffic(cluster, (family, protocol) => {
    // Not a multiple of the pods: where these take turns, a second draw would be like the first.
    const clients = clientAddresses(family).slice(1);

    /** Which pod each client gets. With 23 of them no two draws are alike, but once in 10^11 times. */
    const draw = (web: PublishedService, target = web.clusterIP): Promise<readonly string[]> =>
      Promise.all(
        clients.map(async (from) => {
          const outcome = await web.ask('client', target, { from });
          return isFailure(outcome) ? outcome.error : outcome.pod;
        }),
      );

    it('keeps each client with its pod, whichever way it comes in', async () => {
      const web = await cluster.publish({
        family,
        protocol,
        nodePort: true,
        externalIP: true,
        spec: affinity(10_800),
        pods: PODS,
      });
      const first = await draw(web);
      expect(new Set(first).size).toBeGreaterThan(1);
      for (const target of [web.clusterIP, web.nodePortOf('one'), web.externalIP, web.clusterIP]) {
        expect(await draw(web, target)).toEqual(first);
      }
    });

    it('keeps pods and nodes with their pod', async () => {
      const web = await cluster.publish({ family, protocol, spec: affinity(10_800), pods: PODS });
      for (const from of ['visitor-a', 'visitor-b', 'one']) {
        const tally = await web.askOften(30, from, web.clusterIP, { concurrency: 1 });
        expect(tally).toMatchObject({ failed: 0 });
        expect(Object.keys(tally.byPod)).toHaveLength(1);
      }
    });

    it('ends when a client stays away for longer than the timeout', async () => {
      const timeoutMs = 2_000;
      const web = await cluster.publish({ family, protocol, spec: affinity(timeoutMs / 1000), pods: PODS });
      // On a busy machine two draws may take longer than the timeout; they then say nothing.
      for (let attempt = 1, tookMs = timeoutMs; tookMs >= timeoutMs && attempt <= 10; attempt += 1) {
        const startedMs = performance.now();
        const [first, second] = [await draw(web), await draw(web)];
        tookMs = performance.now() - startedMs;
        if (tookMs < timeoutMs) expect(second).toEqual(first);
      }
      const before = await draw(web);
      expect(before.every((pod) => PODS.includes(pod))).toBe(true);
      await sleep(timeoutMs + 1_000);
      expect(await draw(web)).not.toEqual(before);
    });

    it('goes on for as long as a client keeps coming', async () => {
      const timeoutMs = 3_000;
      const web = await cluster.publish({ family, protocol, spec: affinity(timeoutMs / 1000), pods: PODS });
      let pods: readonly string[] | undefined;
      let lastAskedMs = 0;
      for (let round = 1; round <= 8; round += 1) {
        const askedMs = performance.now();
        const next = await draw(web);
        // A busy machine may keep a client away for too long; then it may have gone elsewhere, and stays there.
        if (pods !== undefined && performance.now() - lastAskedMs < timeoutMs) expect(next).toEqual(pods);
        pods = next;
        lastAskedMs = askedMs;
        await sleep(timeoutMs / 4);
      }
    });

    it('can be switched on and off', async () => {
      const web = await cluster.publish({ family, protocol, pods: PODS });
      const from = clientAddress(family, 1);
      const podsOfOneClient = async () => {
        const tally = await web.askOften(40, 'client', web.clusterIP, { from, concurrency: 1 });
        expect(tally).toMatchObject({ failed: 0 });
        return Object.keys(tally.byPod).length;
      };
      expect(await podsOfOneClient()).toBeGreaterThan(1);
      await web.update({ spec: affinity(10_800) });
      expect(await podsOfOneClient()).toBe(1);
      await web.update({ spec: {} });
      expect(await podsOfOneClient()).toBeGreaterThan(1);
    });

    it('gives a client another pod when its own is gone', async () => {
      const web = await cluster.publish({ family, protocol, spec: affinity(10_800), pods: PODS });
      const first = await draw(web);
      await web.update({ pods: [unready('a1'), 'a2', 'b1'] });
      const second = await draw(web);
      expect(second).not.toContain('a1');
      const stayed = first.map((pod, client) => (pod === 'a1' ? second[client] : pod));
      expect(second).toEqual(stayed);
    });
  });
});
