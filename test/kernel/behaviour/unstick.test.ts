/**
 * Clients that are connecting to an endpoint which does not answer, when it goes. To the kernel each attempt of one client
 * belongs to the first, which led to that endpoint, unless somebody cuts it.
 */
import type { LongLivedConnection } from '@menwei/lab/host.ts';
import { isFailure, type Tally } from '@menwei/lab/outcome.ts';
import type { Protocol } from 'menwei/kubernetes/objects.ts';
import { describe, expect, it } from 'vitest';
import type { Cluster } from './cluster.ts';
import type { PublishedService } from './published-service.ts';
import { describeModes, eventually } from './suite.ts';
import { FAMILIES, TRANSPORTS } from './topology.ts';

const CLIENTS = 10;
/** Attempts come at least every few seconds; one that is stuck stays so for two minutes. */
const TIMEOUT_MS = 20_000;

/** How clients reach a Service: from a host, to an address. From a host of the other node or from outside, it is the node that asks. */
function ways(web: PublishedService) {
  return [
    ['visitor-a', web.clusterIP],
    ['visitor-b', web.nodePortOf('one')],
    ['one', web.clusterIP],
    ['client', web.nodePortOf('one')],
    ['client', web.externalIP],
  ] as const;
}

/** Drops what begins a connection to the pods of this host, and lets the others go on. */
async function swallow(cluster: Cluster, pod: string, protocol: Protocol): Promise<void> {
  const match = protocol === 'TCP' ? '-p tcp --syn' : '-p sctp --chunk-types any INIT';
  const commands = ['iptables', 'ip6tables'].map((tool) => `${tool} -w -I INPUT ${match} -j DROP`);
  const { status, stderr } = await cluster.host(pod).exec('sh', ['-ec', commands.join('\n')]);
  if (status !== 0) throw new Error(`${pod}: ${stderr}`);
}

async function answerAgain(cluster: Cluster, pod: string): Promise<void> {
  await cluster.host(pod).exec('sh', ['-c', 'iptables -w -F INPUT; ip6tables -w -F INPUT']);
}

/** How many attempts a pod has dropped. */
async function swallowed(cluster: Cluster, pod: string, tool: string): Promise<number> {
  const { stdout } = await cluster.host(pod).exec(tool, ['-w', '-nvxL', 'INPUT']);
  return Number(/^\s*(\d+).*DROP/m.exec(stdout)?.[1] ?? 0);
}

/** Longer than it takes with --unstick. */
const STUCK_MS = 4_000;

describeModes('clients that are connecting', (cluster) => {
  // One after the other: each has a pod swallow what comes.
  describe.each(FAMILIES)('over %s', (family) => {
    const transports = TRANSPORTS.filter(
      (protocol) => protocol !== 'UDP' && (protocol !== 'SCTP' || cluster.mode.forwardsSctp),
    );
    it.each(transports)(
      'by %s to an endpoint that does not answer reach another one when it goes',
      async (protocol) => {
        const web = await cluster.publish({
          family,
          protocol,
          nodePort: true,
          externalIP: true,
          pods: ['b1'],
        });
        const established: LongLivedConnection[] = [];
        for (const [from, target] of protocol === 'TCP' ? ways(web) : []) {
          const connection = await cluster.host(from).open(target);
          if (isFailure(connection)) throw new Error(connection.detail);
          expect(connection.answer.pod).toBe('b1');
          established.push(connection);
        }
        await swallow(cluster, 'b1', protocol);
        try {
          const tallies: Promise<Tally>[] = [];
          for (const [from, target] of ways(web)) {
            const options = { timeoutMs: TIMEOUT_MS, concurrency: CLIENTS };
            tallies.push(web.askOften(CLIENTS, from, target, options));
          }
          const tool = family === 'IPv4' ? 'iptables' : 'ip6tables';
          await eventually(() => swallowed(cluster, 'b1', tool)).toBeGreaterThanOrEqual(5 * CLIENTS);
          const goneMs = performance.now();
          await web.update({ pods: ['a1'] });
          const result = await Promise.all(tallies);
          const tookMs = Math.round(performance.now() - goneMs);
          expect(result).toEqual(
            ways(web).map(() =>
              expect.objectContaining({ total: CLIENTS, failed: 0, byPod: { a1: CLIENTS } }),
            ),
          );
          const echoes = await Promise.all(established.map((connection) => connection.echo('still there')));
          expect(echoes).toEqual(established.map(() => 'still there'));
          console.log(
            `${cluster.mode.name}, ${family}, ${protocol}: ${5 * CLIENTS} clients got through within ${tookMs} ms of the change; ${echoes.length} established connections untouched`,
          );
        } finally {
          await answerAgain(cluster, 'b1');
          for (const connection of established) await connection.close();
        }
      },
    );
  });

  // The flag is the same in all modes; where IPVS or the userspace proxy connect, they move without it, too.
  if (cluster.mode.name === 'nftables')
    it('are stuck with --unstick=false', async () => {
      const proxy = cluster.proxy('one');
      await proxy.end('SIGTERM');
      proxy.start(['--unstick=false']);
      const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['b1'] });
      await swallow(cluster, 'b1', 'TCP');
      try {
        const asking = web.ask('visitor-a', web.clusterIP, { timeoutMs: STUCK_MS });
        await eventually(() => swallowed(cluster, 'b1', 'iptables')).toBeGreaterThan(0);
        await web.update({ pods: ['a1'] });
        expect(await asking).toMatchObject({ error: 'timeout' });
      } finally {
        await answerAgain(cluster, 'b1');
      }
    });
});
