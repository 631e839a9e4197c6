/** What must not bring a proxy down that holds everybody's connections: no descriptors, a port taken, nobody who reads. */
import { readdirSync, readFileSync } from 'node:fs';
import type { LongLivedConnection } from '@menwei/lab/host.ts';
import { isFailure, type Outcome } from '@menwei/lab/outcome.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from './behaviour/cluster.ts';
import type { PublishedService } from './behaviour/published-service.ts';
import { eventually } from './behaviour/suite.ts';
import { FAMILIES } from './behaviour/topology.ts';
import {
  addClosedPod,
  modeNamed,
  servePeer,
  splitTarget,
  startPeer,
  useCluster,
} from './userspace-cluster.ts';

const FEW = 400;
/** Hardly more than what the program needs for itself, so that its own reckoning does not keep it from the limit. */
const HARDLY_ANY = 60;

/** Root could raise the limit again. */
function withDescriptors(count: number): readonly string[] {
  return [
    ...['prlimit', `--nofile=${count}:${count}`],
    ...['setpriv', '--bounding-set=-sys_resource', '--inh-caps=-sys_resource'],
  ];
}

function descriptorsOf(cluster: Cluster): number {
  return readdirSync(`/proc/${cluster.proxy('one').pid}/fd`).length;
}

function memoryMegabytesOf(cluster: Cluster): number {
  const status = readFileSync(`/proc/${cluster.proxy('one').pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

async function restart(
  cluster: Cluster,
  flags: readonly string[],
  through: readonly string[] = [],
): Promise<void> {
  await cluster.proxy('one').end('SIGTERM');
  cluster.proxy('one').start(flags, through);
  await cluster.synced();
}

/** Where the rules of node one lead what comes to a Service's NodePort. */
async function relayPortOf(cluster: Cluster, web: PublishedService): Promise<number> {
  const lines = (await cluster.dump('one')).split('\n');
  const { nodePort } = web.identity;
  const rule = lines.find((line) => line.includes(` --dport ${nodePort} `) && /REDIRECT|DNAT/.test(line));
  const port = /--to-ports (\d+)|--to-destination \S+:(\d+)/.exec(rule ?? '');
  return Number(port?.[1] ?? port?.[2]);
}

const userspace = modeNamed('userspace');

describe('when file descriptors run out', () => {
  const cluster = useCluster(userspace);
  beforeAll(() => restart(cluster, [], withDescriptors(FEW)));

  it('who comes too many is sent away, all others stay, and nothing is left when they go', async () => {
    const web = await cluster.publish({
      family: 'IPv4',
      protocol: 'TCP',
      nodePort: true,
      pods: ['a1', 'b1'],
    });
    expect(await web.askOften(20, 'client', web.nodePortOf('one'))).toMatchObject({ failed: 0 });
    const before = descriptorsOf(cluster);

    const target = web.nodePortOf('one');
    const opened = await Promise.all(
      Array.from({ length: FEW }, () => cluster.host('client').open(target, { timeoutMs: 20_000 })),
    );
    const connections = opened.filter((each): each is LongLivedConnection => !isFailure(each));
    const failures = opened.filter(isFailure);
    expect(connections.length).toBeGreaterThan(50);
    expect(failures.length).toBeGreaterThan(50);
    expect(new Set(failures.map(({ error }) => error))).not.toContain('timeout');
    for (const connection of connections) expect(await connection.echo('here', 20_000)).toBe('here');

    // The rest of the proxy works: it tells, and it programs.
    await eventually(() => cluster.proxy('one').output).toMatch(/ [WE] .*descriptor/);
    const other = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a2'] });

    await Promise.all(connections.map((connection) => connection.close()));
    await eventually(() => descriptorsOf(cluster)).toBeLessThanOrEqual(before + 5);
    for (const service of [web, other]) {
      expect(await service.askOften(50, 'client', service.clusterIP)).toMatchObject({ failed: 0 });
    }
    expect(cluster.proxy('one').isRunning).toBe(true);
  });

  it('UDP clients push each other out, the longest idle first', async () => {
    const web = await cluster.publish({ family: 'IPv4', protocol: 'UDP', pods: ['a1', 'b1'] });
    expect(await web.askOften(2 * FEW, 'visitor-a', web.clusterIP)).toMatchObject({ failed: 0 });
    expect(descriptorsOf(cluster)).toBeLessThanOrEqual(FEW);
    expect(cluster.proxy('one').isRunning).toBe(true);
  });
});

describe('when the kernel has no file descriptor left', () => {
  const cluster = useCluster(userspace);
  beforeAll(() => restart(cluster, ['--userspace-threads=1'], withDescriptors(HARDLY_ANY)));

  it('the proxy lives on, and serves again when some are free', async () => {
    const offer = { family: 'IPv4', nodePort: true, pods: ['a1', 'b1'] } as const;
    const tcp = await cluster.publish({ ...offer, protocol: 'TCP' });
    const udp = await cluster.publish({ ...offer, protocol: 'UDP' });
    const opened = await Promise.all(
      Array.from({ length: 3 * HARDLY_ANY }, () => cluster.host('client').open(tcp.nodePortOf('one'))),
    );
    await udp.askOften(2 * HARDLY_ANY, 'client', udp.nodePortOf('one'), { timeoutMs: 300 });
    expect(descriptorsOf(cluster)).toBeGreaterThanOrEqual(HARDLY_ANY - 1);
    for (const each of opened) if (!isFailure(each)) await each.close();
    for (const web of [tcp, udp]) {
      await eventually(() =>
        web.askOften(20, 'client', web.nodePortOf('one'), { concurrency: 1 }),
      ).toMatchObject({
        failed: 0,
      });
    }
    expect(cluster.proxy('one').isRunning).toBe(true);
  });
});

describe('a port that somebody else listens on', () => {
  const cluster = useCluster(userspace);

  it.each(FAMILIES)('is left to them over %s, and the Service gets another', async (family) => {
    for (const protocol of ['TCP', 'UDP'] as const) {
      const web = await cluster.publish({ family, protocol, nodePort: true, pods: ['a1', 'b1'] });
      const port = await relayPortOf(cluster, web);
      await cluster.proxy('one').end('SIGTERM');
      const squatter = `squatter-${protocol.toLowerCase()}-${family.toLowerCase()}`;
      await cluster.host('one').serve({ pod: squatter, node: 'one' }, [port]);
      cluster.proxy('one').start();
      await cluster.synced();

      expect(await relayPortOf(cluster, web)).not.toBe(port);
      expect(cluster.proxy('one').output).toMatch(
        new RegExp(`ports are in use by another program.*port=${port}\\b`),
      );
      for (const target of [web.clusterIP, web.nodePortOf('one')]) {
        expect(await web.askOften(20, 'client', target)).toMatchObject({ failed: 0 });
      }
      const direct = web.nodePortOf('one').replace(/\d+$/, `${port}`);
      expect(await web.ask('client', direct)).toMatchObject({ pod: squatter });
      await cluster.host('one').stopServing(squatter);
    }
  });
});

describe('an endpoint that accepts and never reads', () => {
  const cluster = useCluster(userspace);
  const CONNECTIONS = 16;
  beforeAll(() => addClosedPod(cluster, 'sink', 31));

  const publishSink = async (): Promise<PublishedService> => {
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['sink'] });
    return web;
  };

  const flood = async (web: PublishedService) => {
    const client = startPeer(cluster, 'visitor-a', 'flood', ...splitTarget(web.clusterIP), `${CONNECTIONS}`);
    await eventually(() => client.output()).toContain('stuck');
    return client;
  };

  it('holds up its own clients alone, costs little memory, and leaves nothing behind', async () => {
    const server = await servePeer(cluster, 'sink', 'IPv4', 'never-read');
    const web = await publishSink();
    const healthy = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1'] });
    // Counted before any connection: those that end are closed a little later than their clients know.
    const descriptors = descriptorsOf(cluster);
    expect(await healthy.askOften(100, 'visitor-a', healthy.clusterIP)).toMatchObject({ failed: 0 });
    const memory = memoryMegabytesOf(cluster);

    const client = await flood(web);
    expect(descriptorsOf(cluster)).toBeGreaterThan(descriptors + CONNECTIONS);
    expect(memoryMegabytesOf(cluster) - memory).toBeLessThan(64);
    expect(await healthy.askOften(200, 'visitor-a', healthy.clusterIP)).toMatchObject({ failed: 0 });

    await server.stop();
    await eventually(() => descriptorsOf(cluster)).toBeLessThanOrEqual(descriptors + 5);
    await client.stop();
  });

  it('has its clients taken away after a while', async () => {
    await restart(cluster, ['--userspace-half-closed-timeout=2s']);
    const server = await servePeer(cluster, 'sink', 'IPv4', 'never-read');
    const web = await publishSink();
    const before = descriptorsOf(cluster);
    const client = await flood(web);
    await eventually(() => descriptorsOf(cluster)).toBeLessThanOrEqual(before + 5);
    await eventually(() => client.output()).toMatch(/ECONNRESET|EPIPE/);
    await Promise.all([client.stop(), server.stop()]);
  });
});

describe('clients and pods of all kinds of manners', () => {
  const cluster = useCluster(userspace);
  beforeAll(() => addClosedPod(cluster, 'closed', 32));

  it('leave no descriptor behind', async () => {
    const pods = ['a1', 'b1', 'closed'];
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods });
    const udp = await cluster.publish({ family: 'IPv4', protocol: 'UDP', pods: ['a1'] });
    await web.askOften(50, 'visitor-a', web.clusterIP);
    const before = descriptorsOf(cluster);
    const impatient = { timeoutMs: 1, concurrency: 64 };
    await web.askOften(1_000, 'visitor-a', web.clusterIP, impatient);
    await web.askOften(1_000, 'client', web.clusterIP);
    const outcomes: readonly (Outcome | LongLivedConnection)[] = await Promise.all(
      Array.from({ length: 50 }, () => cluster.host('client').open(web.clusterIP)),
    );
    expect(outcomes.filter(isFailure)).toHaveLength(0);
    // The pods' connections, and so the clients', are reset.
    await udp.withdraw();
    await web.withdraw();
    await cluster.lab.pod('a1').stopServing();
    await cluster.lab.pod('b1').stopServing();
    await eventually(() => descriptorsOf(cluster)).toBeLessThanOrEqual(before);
    expect(cluster.proxy('one').isRunning).toBe(true);
  });
});
