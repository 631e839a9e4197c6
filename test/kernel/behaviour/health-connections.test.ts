/** What becomes of clients and connections of an endpoint that checks find down. */
import { isFailure } from '@menwei/lab/outcome.ts';
import { describe, expect, it } from 'vitest';
import { HEALTH_PORT } from './ailment.ts';
import { CheckedCluster, eventually } from './checked-cluster.ts';
import { MODES } from './modes.ts';
import { describeModes } from './suite.ts';

/** The two variants of iptables differ in their tools alone. */
const ONCE_EACH = MODES.filter(({ name }) => name !== 'iptables-legacy');
const AFFINITY = {
  sessionAffinity: 'ClientIP',
  sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
};

describeModes(
  'health checks and connections',
  (cluster) => {
    const checked = new CheckedCluster(cluster);
    const used = (web: Parameters<CheckedCluster['used']>[0]) => checked.used(web);

    describe.concurrent('of an endpoint', () => {
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
    });
  },
  { modes: ONCE_EACH },
);
