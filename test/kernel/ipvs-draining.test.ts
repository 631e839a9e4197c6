/** What becomes of the connections of an endpoint that is no longer wanted, by the kernel's own counters. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from './behaviour/cluster.ts';
import { MODES, type Mode } from './behaviour/modes.ts';
import { leaving, POD_PORT } from './behaviour/offer.ts';
import type { PublishedService } from './behaviour/published-service.ts';
import { eventually } from './behaviour/suite.ts';

const ipvs = MODES.find(({ name }) => name === 'ipvs');
if (ipvs === undefined) throw new Error('these tests need the ipvs mode');

function withFlags(mode: Mode, flags: readonly string[]): Mode {
  return { ...mode, flags: [...mode.flags, ...flags] };
}

function useCluster(mode: Mode): Cluster {
  const cluster = new Cluster(mode);
  beforeAll(() => cluster.start());
  afterAll(() => cluster.stop());
  return cluster;
}

/** The weights of a Service's destinations on a node, by pod; those of pods alone that are among them. */
async function weights(cluster: Cluster, service: PublishedService, node = 'one') {
  const { stdout } = await cluster.node(node).exec('ipvsadm', ['-Sn']);
  const found: Record<string, number> = {};
  for (const line of stdout.split('\n')) {
    const [, pod, weight] = / -[tu] \S+ -r (\S+):\d+ .*-w (\d+)/.exec(line) ?? [];
    if (!line.includes(` ${service.clusterIP} `) || pod === undefined) continue;
    const name = cluster.lab.pods.find(({ ip }) => ip === pod)?.name ?? pod;
    found[name] = Number(weight);
  }
  return found;
}

/** Ends all connections of the visitor at once, on both sides. */
async function cut(cluster: Cluster, service: PublishedService): Promise<void> {
  await cluster.host('visitor-a').exec('ss', ['-K', 'dst', service.identity.clusterIP]);
}

const cluster = useCluster(ipvs);

describe('a connection', () => {
  it.each([
    ['is removed', ['a1']],
    ['is terminating', ['a1', leaving('b1')]],
  ])('outlives that its endpoint %s, which gets no new ones', async (_what, pods) => {
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1', 'b1'] });
    const connection = await web.connectTo('b1', 'visitor-a');
    await web.update({ pods });
    expect(await weights(cluster, web)).toEqual({ a1: 1, b1: 0 });
    expect(await web.askOften(20, 'visitor-a', web.clusterIP)).toMatchObject({ byPod: { a1: 20 } });
    expect(await connection.echo('still here')).toBe('still here');
    await cut(cluster, web);
    await eventually(() => weights(cluster, web)).toEqual({ a1: 1 });
  });

  it('outlives a restart of the proxy, and its endpoint goes after it', async () => {
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1', 'b1'] });
    const connection = await web.connectTo('b1', 'visitor-a');
    await web.update({ pods: ['a1'] });
    await cluster.proxy('one').end('SIGKILL');
    cluster.proxy('one').start();
    await cluster.synced();
    expect(await weights(cluster, web)).toEqual({ a1: 1, b1: 0 });
    expect(await connection.echo('still here')).toBe('still here');
    await cut(cluster, web);
    await eventually(() => weights(cluster, web)).toEqual({ a1: 1 });
  });

  it('goes on when its endpoint returns, which is taken back at once', async () => {
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1', 'b1'] });
    const connection = await web.connectTo('b1', 'visitor-a');
    await web.update({ pods: ['a1'] });
    await web.update({ pods: ['a1', 'b1'] });
    expect(await weights(cluster, web)).toEqual({ a1: 1, b1: 1 });
    expect(await web.askOften(20, 'visitor-a', web.clusterIP)).toMatchObject({ byPod: { a1: 10, b1: 10 } });
    expect(await connection.echo('still here')).toBe('still here');
    await connection.close();
  });

  it('ends with its endpoint where the scheduler would refuse the endpoint’s clients meanwhile', async () => {
    const annotations = { 'menwei.dev/ipvs-scheduler': 'dh' };
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1'], annotations });
    const connection = await web.connectTo('a1', 'visitor-a');
    await web.update({ pods: ['b1'] });
    expect(await weights(cluster, web)).toEqual({ b1: 1 });
    expect(await web.ask('visitor-a', web.clusterIP)).toMatchObject({ pod: 'b1' });
    await connection.close();
  });

  it('that is none keeps no endpoint', async () => {
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1', 'b1'] });
    await web.update({ pods: ['a1'] });
    expect(await weights(cluster, web)).toEqual({ a1: 1 });
  });
});

describe('a UDP flow', () => {
  const sourcePort = 9_999;

  it('stays with an endpoint that terminates and still serves, and moves when that is removed', async () => {
    const web = await cluster.publish({ family: 'IPv4', protocol: 'UDP', pods: ['b1'] });
    expect(await web.ask('visitor-a', web.clusterIP, { sourcePort })).toMatchObject({ pod: 'b1' });
    await web.update({ pods: ['a1', leaving('b1')] });
    expect(await weights(cluster, web)).toEqual({ a1: 1, b1: 0 });
    expect(await web.ask('visitor-a', web.clusterIP, { sourcePort })).toMatchObject({ pod: 'b1' });
    expect(await web.ask('visitor-a', web.clusterIP)).toMatchObject({ pod: 'a1' });
    await web.update({ pods: ['a1'] });
    expect(await weights(cluster, web)).toEqual({ a1: 1 });
    await eventually(
      async () => await web.ask('visitor-a', web.clusterIP, { sourcePort, timeoutMs: 500 }),
    ).toMatchObject({
      pod: 'a1',
    });
  });
});

describe('with a drain timeout', () => {
  const cluster = useCluster(withFlags(ipvs, ['--ipvs-drain-timeout=2s']));

  it('a connection lasts no longer than that after its endpoint was removed', async () => {
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1', 'b1'] });
    const connection = await web.connectTo('b1', 'visitor-a');
    await web.update({ pods: ['a1'] });
    expect(await connection.echo('still here')).toBe('still here');
    await eventually(() => weights(cluster, web)).toEqual({ a1: 1 });
    await connection.close();
  });
});

describe('slow start', () => {
  it('lets the weight of a newcomer grow, and does not make the first ones wait', async () => {
    const annotations = { 'menwei.dev/slow-start': '4s', 'menwei.dev/ipvs-scheduler': 'lc' };
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1', 'a2'], annotations });
    expect(await weights(cluster, web)).toEqual({ a1: 100, a2: 100 });
    const pod = { name: 'newcomer', node: 'two', ip: '10.244.1.77', ports: [POD_PORT] };
    await cluster.lab.addPod(pod);
    await web.update({ pods: ['a1', 'a2', 'newcomer'] });
    const first = (await weights(cluster, web)).newcomer ?? 0;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(100);
    const early = await web.askOften(60, 'visitor-a', web.clusterIP, { concurrency: 1 });
    expect(early.byPod.newcomer ?? 0).toBeLessThan(20);
    await eventually(() => weights(cluster, web)).toEqual({ a1: 100, a2: 100, newcomer: 100 });
  });
});
