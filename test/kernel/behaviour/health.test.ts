/**
 * Active checks: endpoints that die without leaving their slice go out of rotation, and come back, told by real connections. This
 * file and its neighbours `health-*` are one suite: in the guest kernel a test process that has too many pods dies.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { describe, expect, it } from 'vitest';
import type { Fault } from './ailment.ts';
import { CheckedCluster, DETECTED_MS, eventually } from './checked-cluster.ts';
import { MODES } from './modes.ts';
import { describeModes } from './suite.ts';

/** The two variants of iptables differ in their tools alone. */
const ONCE_EACH = MODES.filter(({ name }) => name !== 'iptables-legacy');
const COUNT = 60;

describeModes(
  'health checks',
  (cluster) => {
    const checked = new CheckedCluster(cluster);
    const used = (web: Parameters<CheckedCluster['used']>[0]) => checked.used(web);

    describe.concurrent('of an endpoint', () => {
      it.each<[Fault, string, IpFamily]>([
        ['refuses', 'tcp', 'IPv4'],
        ['drops packets', 'tcp', 'IPv6'],
        ['accepts and says nothing', 'http', 'IPv4'],
        ['answers 503', 'http', 'IPv6'],
      ])('that %s: it is out of rotation, and back when it is well', async (fault, kind, family) => {
        const { web, team, pods } = await checked.publish(2, kind, { family });
        const [sick] = team;
        const [name = ''] = pods;
        const beganMs = performance.now();
        await sick?.begin(fault);
        await eventually(async () => expect(await used(web)).toEqual([1, 1]));
        const outMs = performance.now() - beganMs;
        const tally = await web.askOften(COUNT, 'visitor-a', web.clusterIP);
        expect(tally).toMatchObject({ failed: 0 });
        expect(tally.byPod[name]).toBeUndefined();
        const healedMs = performance.now();
        await sick?.end();
        await eventually(async () => expect(await used(web)).toEqual([2, 2]));
        const backMs = performance.now() - healedMs;
        const again = await web.askOften(COUNT, 'visitor-a', web.clusterIP);
        expect([again.failed, Object.keys(again.byPod)]).toEqual([0, expect.arrayContaining([name])]);
        console.log(
          `${cluster.mode.name}, ${family}: a pod that ${fault} was out after ${Math.round(outMs)} ms (the checks: ${DETECTED_MS} at most), ${COUNT} requests then without a failure; back after ${Math.round(backMs)} ms`,
        );
      });
    });
  },
  { modes: ONCE_EACH },
);
