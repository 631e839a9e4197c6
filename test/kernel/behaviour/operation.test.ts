/** The proxy stops, starts again, and meets others who change its rules. */

import type { LongLivedConnection } from '@menwei/lab/host.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { describe, expect, it } from 'vitest';
import type { Cluster } from './cluster.ts';
import type { PublishedService } from './published-service.ts';
import { describeModes, eventually } from './suite.ts';
import { FAMILIES } from './topology.ts';

async function publishBothFamilies(cluster: Cluster): Promise<readonly PublishedService[]> {
  const services: PublishedService[] = [];
  for (const family of FAMILIES) {
    for (const protocol of ['TCP', 'UDP'] as const) {
      services.push(
        await cluster.publish({
          family,
          protocol,
          nodePort: true,
          loadBalancer: {},
          spec: { externalTrafficPolicy: 'Local' },
          pods: ['a1', 'a2', 'b1'],
        }),
      );
    }
  }
  return services;
}

async function openConnection(cluster: Cluster, from: string, target: string): Promise<LongLivedConnection> {
  const connection = await cluster.host(from).open(target);
  if (isFailure(connection)) throw new Error(`${from} → ${target}: ${connection.detail}`);
  return connection;
}

describeModes(
  'operation',
  (cluster) => {
    const expectService = async (services: readonly PublishedService[]): Promise<void> => {
      for (const web of services) {
        expect(await web.ask('visitor-a', web.clusterIP)).toHaveProperty('pod');
        expect(await web.ask('client', web.nodePortOf('one'))).toHaveProperty('pod');
      }
    };

    it('a restart changes no rule', async () => {
      const services = await publishBothFamilies(cluster);
      await expectService(services);
      const before = await cluster.steadyDump('one');
      const countsBefore = await Promise.all(services.map((web) => cluster.countedLines('one', web)));

      await cluster.proxy('one').end('SIGKILL');
      expect(await cluster.dump('one')).toBe(before);
      cluster.proxy('one').start();
      await cluster.synced();

      expect(await cluster.dump('one')).toBe(before);
      expect(await Promise.all(services.map((web) => cluster.countedLines('one', web)))).toEqual(
        countsBefore,
      );
      await expectService(services);
    });

    it('a restart breaks no connection', async () => {
      const services = await publishBothFamilies(cluster);
      const connections: LongLivedConnection[] = [];
      for (const web of services.filter((_, index) => index % 2 === 0)) {
        connections.push(await openConnection(cluster, 'visitor-a', web.clusterIP));
        connections.push(await openConnection(cluster, 'client', web.nodePortOf('one')));
      }
      await cluster.proxy('one').end('SIGKILL');
      cluster.proxy('one').start();
      for (const connection of connections) expect(await connection.echo('meanwhile')).toBe('meanwhile');
      await cluster.synced();
      for (const connection of connections) {
        expect(await connection.echo('still there')).toBe('still there');
        await connection.close();
      }
    });

    it('what changed while it was down is caught up with', async () => {
      const [web] = await publishBothFamilies(cluster);
      if (web === undefined) throw new Error('BUG: nothing was published');
      await cluster.proxy('one').end('SIGKILL');
      await web.update({ pods: ['b1'] });
      cluster.proxy('one').start();
      await cluster.synced();
      expect(await web.askOften(20, 'visitor-a', web.clusterIP)).toMatchObject({ byPod: { b1: 20 } });
    });

    it('SIGTERM ends it with status 0 and leaves the rules in place', async () => {
      const services = await publishBothFamilies(cluster);
      const before = await cluster.steadyDump('one');
      expect(await cluster.proxy('one').end('SIGTERM')).toEqual({ status: 0, signal: null });
      expect(await cluster.dump('one')).toBe(before);
      cluster.proxy('one').start();
      await cluster.synced();
      expect(await cluster.dump('one')).toBe(before);
      await expectService(services);
    });

    it('Services go on while the proxy is away', async () => {
      const services = await publishBothFamilies(cluster);
      await cluster.proxy('one').end('SIGTERM');
      await expectService(services);
      cluster.proxy('one').start();
      await cluster.synced();
    });

    describe('somebody else’s doing is repaired', () => {
      it.each(cluster.mode.flushes)('$title', async ({ commands }) => {
        const services = await publishBothFamilies(cluster);
        const { read } = cluster.mode.dump;
        const before = read(await cluster.steadyDump('one'));
        await cluster.attempt('one', commands);
        await eventually(async () => read(await cluster.dump('one'))).toEqual(before);
        await expectService(services);
      });
    });
  },
  { syncPeriod: '1s' },
);
