/** Active checks: endpoints that die without leaving their slice go out of rotation, and come back, told by real connections. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { describe, expect, it } from 'vitest';
import { type Fault, HEALTH_PORT } from './ailment.ts';
import { CheckedCluster, DETECTED_MS, eventually } from './checked-cluster.ts';
import { MODES } from './modes.ts';
import { describeModes } from './suite.ts';

/** The two variants of iptables differ in their tools alone. */
const ONCE_EACH = MODES.filter(({ name }) => name !== 'iptables-legacy');
const COUNT = 60;
const AFFINITY = {
  sessionAffinity: 'ClientIP',
  sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
};

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
        const { web, team, pods } = await checked.publish(3, kind, { family });
        const [sick] = team;
        const [name = ''] = pods;
        const beganMs = performance.now();
        await sick?.begin(fault);
        await eventually(async () => expect(await used(web)).toEqual([2, 2]));
        const outMs = performance.now() - beganMs;
        const tally = await web.askOften(COUNT, 'visitor-a', web.clusterIP);
        expect(tally).toMatchObject({ failed: 0 });
        expect(tally.byPod[name]).toBeUndefined();
        const healedMs = performance.now();
        await sick?.end();
        await eventually(async () => expect(await used(web)).toEqual([3, 3]));
        const backMs = performance.now() - healedMs;
        const again = await web.askOften(COUNT, 'visitor-a', web.clusterIP);
        expect([again.failed, Object.keys(again.byPod)]).toEqual([0, expect.arrayContaining([name])]);
        console.log(
          `${cluster.mode.name}, ${family}: a pod that ${fault} was out after ${Math.round(outMs)} ms (the checks: ${DETECTED_MS} at most), ${COUNT} requests then without a failure; back after ${Math.round(backMs)} ms`,
        );
      });

      it.each([
        [1, 1],
        [5, 3],
      ])(
        'are passed over where of %d endpoints %d are down, as too few would be left',
        async (size, dead) => {
          const { web, team, pods } = await checked.publish(size, `http port=${HEALTH_PORT}`);
          for (const pod of team.slice(0, dead)) await pod.begin('fails at the health port');
          const isPanic = async () => (await checked.statusOn('one', web))?.health?.panic === true;
          await eventually(async () =>
            expect([await isPanic(), await used(web)]).toEqual([true, [size, size]]),
          );
          const { failed, byPod } = await web.askOften(20 * size, 'visitor-a', web.clusterIP);
          expect([failed, Object.keys(byPod).sort()]).toEqual([0, [...pods].sort()]);
          await team[0]?.end();
          await eventually(async () => expect(await isPanic()).toBe(false));
        },
      );

      it('refuse connections where all are down and nothing else is wanted (panic=0)', async () => {
        const { web, team } = await checked.publish(2, `http port=${HEALTH_PORT} panic=0`);
        for (const pod of team) await pod.begin('fails at the health port');
        await eventually(async () => expect(await used(web)).toEqual([0, 0]));
        expect(await web.ask('visitor-a', web.clusterIP, { timeoutMs: 1_500 })).toMatchObject({
          error: 'refused',
        });
      });

      it('move a client that has session affinity, and no other', async () => {
        const { web, team, pods } = await checked.publish(3, `http port=${HEALTH_PORT}`, { spec: AFFINITY });
        const first = await web.ask('visitor-a', web.clusterIP);
        const other = await web.ask('visitor-b', web.clusterIP);
        if (isFailure(first) || isFailure(other)) throw new Error('no answer');
        await team[pods.indexOf(first.pod)]?.begin('fails at the health port');
        await eventually(async () => expect(await used(web)).toEqual([2, 2]));
        const moved = await web.ask('visitor-a', web.clusterIP);
        expect(isFailure(moved) || moved.pod === first.pod).toBe(false);
        if (other.pod !== first.pod)
          expect(await web.ask('visitor-b', web.clusterIP)).toMatchObject({ pod: other.pod });
      });

      it('leave established connections alone, and reset them where that is asked for', async () => {
        for (const onDown of ['drain', 'reset']) {
          const check = `http port=${HEALTH_PORT} on-down=${onDown}`;
          const { web, team, pods } = await checked.publish(3, check);
          const [name = ''] = pods;
          const connection = await web.connectTo(name, 'visitor-a');
          await team[0]?.begin('fails at the health port');
          await eventually(async () => expect(await used(web)).toEqual([2, 2]));
          if (onDown === 'drain') expect(await connection.echo('still there')).toBe('still there');
          else
            await eventually(async () => {
              await connection.echo('still there', 300);
              expect(await connection.status()).toBe('reset');
            });
          await connection.close();
        }
      });

      it('move a UDP client that keeps its source port', async () => {
        const check = `http port=${HEALTH_PORT}`;
        const { web, team, pods } = await checked.publish(3, check, { protocol: 'UDP' });
        const sourcePort = cluster.newSourcePort();
        const first = await web.ask('visitor-a', web.clusterIP, { sourcePort });
        if (isFailure(first)) throw new Error(first.error);
        await team[pods.indexOf(first.pod)]?.begin('fails at the health port');
        await eventually(async () => {
          const outcome = await web.ask('visitor-a', web.clusterIP, { sourcePort, timeoutMs: 1_000 });
          expect(isFailure(outcome) ? outcome.error : outcome.pod).toSatisfy(
            (pod: string) => pod !== first.pod && pods.includes(pod),
          );
        });
      });

      it('keep a Service up that names a wrong port, and tell so', async () => {
        const published = cluster.publish({
          family: 'IPv4',
          protocol: 'TCP',
          pods: ['a1', 'a2', 'b1'],
          annotations: { 'menwei.dev/health-check': 'tcp port=1 interval=250ms timeout=250ms fast=100ms' },
        });
        const web = await published;
        const told = new RegExp(
          `health checks never succeeded.*${web.identity.name}|${web.identity.name}.*health checks never succeeded`,
        );
        await eventually(async () => expect(cluster.proxy('one').output).toMatch(told));
        expect(await used(web)).toEqual([3, 3]);
        expect(await web.askOften(COUNT, 'visitor-a', web.clusterIP)).toMatchObject({ failed: 0 });
      });
    });

    it('are known to a proxy that is started again: nothing dead comes back, nothing good goes', async () => {
      const { web, team, pods } = await checked.publish(4, 'tcp');
      const [name = ''] = pods;
      await team[0]?.begin('drops packets');
      await eventually(async () => expect(await used(web)).toEqual([3, 3]));
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        const stop = await cluster
          .host('visitor-a')
          .watchAvailability(web.clusterIP, { intervalMs: 20, timeoutMs: 5_000 });
        await cluster.proxy('one').end(signal);
        cluster.proxy('one').start();
        await cluster.synced();
        const tally = await web.askOften(COUNT, 'visitor-a', web.clusterIP);
        expect(tally).toMatchObject({ failed: 0 });
        expect(tally.byPod[name]).toBeUndefined();
        expect(await used(web)).toEqual([3, 3]);
        const outcomes = (await stop()).map(({ outcome }) => outcome);
        expect(outcomes.filter((it) => !isFailure(it) && it.pod === name)).toEqual([]);
        // There, nobody answers while the process is away.
        if (cluster.mode.name !== 'userspace') expect(outcomes.filter(isFailure)).toEqual([]);
      }
      await team[0]?.end();
      await eventually(async () => expect(await used(web)).toEqual([4, 4]));
    });
  },
  { modes: ONCE_EACH },
);
