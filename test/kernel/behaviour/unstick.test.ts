/**
 * Clients that are connecting to an endpoint which does not answer, when it goes. To the kernel each attempt of one client
 * belongs to the first, which led to that endpoint, unless somebody cuts it.
 */
import type { LongLivedConnection } from '@menwei/lab/host.ts';
import { type Failure, isFailure, type Tally } from '@menwei/lab/outcome.ts';
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
/** An endpoint is down after two seconds without an answer, at most. A good one of a busy machine has the time to give one. */
const CHECK = 'tcp interval=1s timeout=1s fast=100ms fall=2';

/** Clients that connect by every way at once. Ends when all have an answer; they must have it from this pod. */
async function connectByAllWays(web: PublishedService, pod: string): Promise<void> {
  const tallies: readonly Tally[] = await Promise.all(
    ways(web).map(([from, target]) =>
      web.askOften(CLIENTS, from, target, { timeoutMs: TIMEOUT_MS, concurrency: CLIENTS }),
    ),
  );
  expect(tallies).toEqual(
    ways(web).map(() => expect.objectContaining({ total: CLIENTS, failed: 0, byPod: { [pod]: CLIENTS } })),
  );
}

/** Connections by every way that lead to this pod. */
async function connections(
  cluster: Cluster,
  web: PublishedService,
  pod: string,
): Promise<readonly LongLivedConnection[]> {
  const found: LongLivedConnection[] = [];
  for (const [from, target] of ways(web)) {
    let connection: LongLivedConnection | undefined;
    while (connection?.answer.pod !== pod) {
      await connection?.close();
      const opened = await cluster.host(from).open(target);
      if (isFailure(opened)) throw new Error(opened.detail);
      connection = opened;
    }
    found.push(connection);
  }
  return found;
}

function echoes(established: readonly LongLivedConnection[]): Promise<readonly (string | Failure)[]> {
  return Promise.all(established.map((connection) => connection.echo('still there')));
}

describeModes('clients that are connecting', (cluster) => {
  const tell = (what: string) => console.log(`${cluster.mode.name}, ${what}`);
  // One after the other: each has a pod swallow what comes.
  describe.each(FAMILIES)('over %s', (family) => {
    const tool = family === 'IPv4' ? 'iptables' : 'ip6tables';
    const everyWay = { family, nodePort: true, externalIP: true };
    const transports = TRANSPORTS.filter(
      (protocol) => protocol !== 'UDP' && (protocol !== 'SCTP' || cluster.mode.forwardsSctp),
    );

    it.each(transports)(
      'by %s to an endpoint that does not answer reach another one when it leaves',
      async (protocol) => {
        const web = await cluster.publish({ ...everyWay, protocol, pods: ['b1'] });
        const established = protocol === 'TCP' ? await connections(cluster, web, 'b1') : [];
        await swallow(cluster, 'b1', protocol);
        try {
          const connecting = connectByAllWays(web, 'a1');
          await eventually(() => swallowed(cluster, 'b1', tool)).toBeGreaterThanOrEqual(5 * CLIENTS);
          const leftMs = performance.now();
          await web.update({ pods: ['a1'] });
          await connecting;
          const tookMs = Math.round(performance.now() - leftMs);
          expect(await echoes(established)).toEqual(established.map(() => 'still there'));
          tell(
            `${family}, ${protocol}: ${5 * CLIENTS} clients got through within ${tookMs} ms of the change; ${established.length} established connections untouched`,
          );
        } finally {
          await answerAgain(cluster, 'b1');
          for (const connection of established) await connection.close();
        }
      },
    );

    it.each(['drain', 'reset'] as const)(
      'reach another endpoint when checks find that theirs is down; on-down=%s',
      async (onDown) => {
        const annotations = { 'menwei.dev/health-check': `${CHECK} on-down=${onDown}` };
        const web = await cluster.publish({ ...everyWay, protocol: 'TCP', pods: ['a1', 'b1'], annotations });
        const established = await connections(cluster, web, 'b1');
        await swallow(cluster, 'b1', 'TCP');
        try {
          const startMs = performance.now();
          await connectByAllWays(web, 'a1');
          const tookMs = Math.round(performance.now() - startMs);
          const wanted = onDown === 'drain' ? 'still there' : expect.objectContaining({ error: 'reset' });
          await eventually(() => echoes(established)).toEqual(established.map(() => wanted));
          tell(
            `${family}: ${5 * CLIENTS} clients got through within ${tookMs} ms of the failure; ${onDown} of ${established.length} established connections`,
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
