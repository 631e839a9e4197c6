/** Active checks where too few endpoints would be left, or the checks themselves are wrong, told by real connections. */
import { describe, expect, it } from 'vitest';
import { HEALTH_PORT } from './ailment.ts';
import { CheckedCluster, eventually } from './checked-cluster.ts';
import { MODES } from './modes.ts';
import { describeModes } from './suite.ts';

/** The two variants of iptables differ in their tools alone. */
const ONCE_EACH = MODES.filter(({ name }) => name !== 'iptables-legacy');
const COUNT = 60;

describeModes(
  'health checks that fail',
  (cluster) => {
    const checked = new CheckedCluster(cluster);
    const used = (web: Parameters<CheckedCluster['used']>[0]) => checked.used(web);

    describe.concurrent('of an endpoint', () => {
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
  },
  { modes: ONCE_EACH },
);
