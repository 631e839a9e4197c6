import { ControlledServices } from '@menwei/testing/loadbalancer/controlled-services.ts';
import { Mortality } from '@menwei/testing/loadbalancer/mortality.ts';
import { addressPool } from '@menwei/testing/loadbalancer/pools.ts';
import { expect, it } from 'vitest';
import { LeaseClient } from '../kubernetes/lease-client.ts';
import { silentLogger } from '../log/logger.ts';
import { untilAborted } from '../scheduling/pause.ts';
import { LeaderElection } from './leader-election.ts';

const TIMING = { durationMs: 1_000, renewDeadlineMs: 500, retryMs: 20 };

const service = (index: number) => ({
  metadata: { name: `s${index}` },
  spec: {
    type: 'LoadBalancer',
    loadBalancerClass: 'menwei.dev/l2',
    clusterIP: `10.96.0.${index + 1}`,
    ports: [{ port: 80, nodePort: 30_000 + index }],
  },
});

it('two controllers never write at the same time, and the second one goes on where the first was', async () => {
  await using cluster = await ControlledServices.open();
  cluster.pools = [addressPool('p', ['192.0.2.0/24'])];
  const writers: string[] = [];
  let isCut = false;
  const run = (identity: string) => {
    const leases = new LeaseClient(cluster.client, 'default', 'leader');
    const access: Pick<LeaseClient, 'read' | 'create' | 'update'> = {
      read: (signal) => leases.read(signal),
      create: (content, signal) => leases.create(content, signal),
      update: (from, content, signal) =>
        isCut && identity === 'a'
          ? untilAborted(signal).then(() => Promise.reject(new Error('cut off')))
          : leases.update(from, content, signal),
    };
    const election = new LeaderElection({ leases: access, identity, logger: silentLogger, timing: TIMING });
    const stop = new AbortController();
    const note = () => {
      writers.push(identity);
      return undefined;
    };
    const ended = election.run(async (signal) => {
      const life = await cluster.start({}, new Mortality(note));
      await untilAborted(signal);
      await life.stop();
    }, stop.signal);
    return {
      election,
      stop: async () => {
        stop.abort();
        await ended;
      },
    };
  };
  const a = run('a');
  while (!a.election.isLeading) await new Promise((resolve) => setTimeout(resolve, 5));
  const b = run('b');
  for (let index = 0; index < 30; index++) {
    if (index === 10) isCut = true;
    await cluster.create('services', service(index));
    await new Promise((resolve) => setTimeout(resolve, index < 10 ? 1 : 60));
  }
  while (!b.election.isLeading) await new Promise((resolve) => setTimeout(resolve, 5));
  await cluster.settled();
  await Promise.all([a.stop(), b.stop()]);
  const firstOfB = writers.indexOf('b');
  expect(firstOfB).toBeGreaterThan(0);
  expect(writers.lastIndexOf('a')).toBeLessThan(firstOfB);
  const ips = Array.from(
    { length: 30 },
    (_, index) => cluster.service(`s${index}`)?.status.loadBalancer.ingress?.[0]?.ip,
  );
  expect(new Set(ips).size).toBe(30);
  expect(ips).not.toContain(undefined);
});
