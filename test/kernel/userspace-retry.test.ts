/** Pods that don't answer: userspace mode tries another one, where other modes leave that to the client. */

import { isFailure, type Tally, tally } from '@menwei/lab/outcome.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PublishedService } from './behaviour/published-service.ts';
import { eventually } from './behaviour/suite.ts';
import { FAMILIES } from './behaviour/topology.ts';
import { addClosedPod, addSilentPod, modeNamed, useCluster } from './userspace-cluster.ts';

const REQUESTS = 1_000;
const CONCURRENCY = 16;
/** Longer than any answer takes, also when the machine is busy. */
const REQUEST_TIMEOUT_MS = 2_500;

const HEALTHY = ['a1', 'a2', 'b1', 'host-b'];
const SICK = ['silent', 'closed'];

interface Series {
  readonly tally: Tally;
  /** How long the answers took, the quickest first. */
  readonly latenciesMs: readonly number[];
}

async function measure(web: PublishedService): Promise<Series> {
  const outcomes: Awaited<ReturnType<PublishedService['ask']>>[] = [];
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  let left = REQUESTS;
  const askInTurn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const askedMs = performance.now();
      const outcome = await web.ask('visitor-a', web.clusterIP, { timeoutMs: REQUEST_TIMEOUT_MS });
      outcomes.push(outcome);
      if (!isFailure(outcome)) latenciesMs.push(performance.now() - askedMs);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, askInTurn));
  return {
    tally: tally(outcomes, performance.now() - startedMs),
    latenciesMs: latenciesMs.sort((a, b) => a - b),
  };
}

function describeSeries(title: string, { tally, latenciesMs }: Series): string {
  const at = (share: number) => `${Math.round(latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0)} ms`;
  const answered = `${tally.total - tally.failed} of ${tally.total} answered`;
  return `${title.padEnd(18)} ${answered}, p50 ${at(0.5)}, p99 ${at(0.99)}, failures ${JSON.stringify(tally.failures)}`;
}

const lines: string[] = [];
afterAll(() => console.log(lines.join('\n')));

describe.each(['userspace', 'iptables-nft'])(
  'in %s mode, with one pod of six that drops and one that refuses',
  (name) => {
    const mode = modeNamed(name);
    const cluster = useCluster(mode);
    beforeAll(async () => {
      await addSilentPod(cluster, 'silent', 21);
      await addClosedPod(cluster, 'closed', 22);
    });

    it.concurrent.each(FAMILIES)(
      mode.name === 'userspace' ? 'every request over %s is answered' : 'a third fails over %s',
      { timeout: 240_000 },
      async (family) => {
        const web = await cluster.publish({ family, protocol: 'TCP', pods: [...HEALTHY, ...SICK] });
        const series = await measure(web);
        lines.push(describeSeries(`${name} ${family}`, series));
        const { failed, byPod } = series.tally;
        expect(Object.keys(byPod).sort()).toEqual([...HEALTHY].sort());
        if (mode.name === 'userspace') expect(failed).toBe(0);
        // By chance: 333 give or take 15.
        else expect(Math.abs(failed - REQUESTS / 3)).toBeLessThan(100);
      },
    );
  },
);

describe('in userspace mode', () => {
  const cluster = useCluster(modeNamed('userspace'));
  beforeAll(async () => {
    await addSilentPod(cluster, 'silent', 21);
    await addClosedPod(cluster, 'closed', 22);
  });

  it.each(FAMILIES)('a pod that refuses datagrams costs none over %s', async (family) => {
    const web = await cluster.publish({ family, protocol: 'UDP', pods: ['a1', 'closed', 'b1'] });
    expect(await web.askOften(200, 'visitor-a', web.clusterIP)).toMatchObject({ failed: 0 });
  });

  it.each(FAMILIES)('who waits for a silent pod over %s is in nobody’s way', async (family) => {
    const web = await cluster.publish({ family, protocol: 'TCP', pods: ['silent'] });
    // One after another they would take minutes, and so would whoever comes after them.
    const waiting = Array.from({ length: 100 }, () => web.ask('visitor-a', web.clusterIP));
    const filter = ['-Htn', 'state', 'syn-sent', 'dst', `[${cluster.addressOf('silent', family)}]`];
    await eventually(async () => (await cluster.node('one').exec('ss', filter)).stdout).not.toBe('');
    await web.update({ pods: ['silent', 'a1'] });
    expect(await web.askOften(50, 'visitor-a', web.clusterIP)).toMatchObject({ byPod: { a1: 50 } });
    expect(await web.askOften(50, 'client', web.clusterIP)).toMatchObject({ byPod: { a1: 50 } });
    await Promise.all(waiting);
  });

  it.each(FAMILIES)('whom no pod answers over %s is sent away', async (family) => {
    const web = await cluster.publish({ family, protocol: 'TCP', pods: ['closed', 'silent'] });
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => web.ask('visitor-a', web.clusterIP)));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ error: expect.stringMatching(/^(reset|closed|failed)$/) });
    }
    // And is served again as soon as a pod is there that does.
    await web.update({ pods: ['closed', 'silent', 'b1'] });
    expect(await web.askOften(20, 'visitor-a', web.clusterIP)).toMatchObject({ byPod: { b1: 20 } });
  });
});
