/** What a proxy that is started again knows of endpoints that checks have found down. */
import { isFailure } from '@menwei/lab/outcome.ts';
import { expect, it } from 'vitest';
import { CheckedCluster, eventually } from './checked-cluster.ts';
import { MODES } from './modes.ts';
import { describeModes } from './suite.ts';

/** The two variants of iptables differ in their tools alone. */
const ONCE_EACH = MODES.filter(({ name }) => name !== 'iptables-legacy');
const COUNT = 60;

describeModes(
  'health checks and restarts',
  (cluster) => {
    const checked = new CheckedCluster(cluster);
    const used = (web: Parameters<CheckedCluster['used']>[0]) => checked.used(web);

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
