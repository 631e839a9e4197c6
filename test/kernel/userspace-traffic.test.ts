/** What goes through the proxy comes out as it went in, and how connections end. */

import { isFailure } from '@menwei/lab/outcome.ts';
import { describe, expect, it } from 'vitest';
import { leaving } from './behaviour/offer.ts';
import { eventually } from './behaviour/suite.ts';
import { clientAddresses, FAMILIES } from './behaviour/topology.ts';
import { addClosedPod, askPeer, modeNamed, servePeer, useCluster } from './userspace-cluster.ts';

const userspace = modeNamed('userspace');
const BYTES = 5_000_000;

describe('through the proxy', () => {
  const cluster = useCluster(userspace);
  const podOf = (family: string) => `peer-${family.toLowerCase()}`;

  it.each(FAMILIES)(
    'a connection that has ended in one direction goes on in the other over %s',
    async (family) => {
      const pod = podOf(family);
      await addClosedPod(cluster, pod, family === 'IPv4' ? 41 : 42);
      const web = await cluster.publish({ family, protocol: 'TCP', pods: [pod] });

      const answering = await servePeer(cluster, pod, family, 'count-then-answer');
      expect(await askPeer(cluster, 'visitor-a', 'send-then-read', web.clusterIP, BYTES)).toBe(
        `${BYTES} bytes came`,
      );
      await answering.stop();

      const ending = await servePeer(cluster, pod, family, 'end-then-count');
      expect(await askPeer(cluster, 'visitor-a', 'read-then-send', web.clusterIP, BYTES)).toBe(
        'nothing more from here',
      );
      await eventually(() => ending.output()).toContain(`${BYTES} bytes came`);
      await ending.stop();
    },
  );

  it.each(FAMILIES)('datagrams of any size come and go over %s', async (family) => {
    const pod = `datagram-${podOf(family)}`;
    await addClosedPod(cluster, pod, family === 'IPv4' ? 43 : 44);
    const server = await servePeer(cluster, pod, family, 'return-datagrams');
    const web = await cluster.publish({ family, protocol: 'UDP', nodePort: true, pods: [pod] });
    for (const target of [web.clusterIP, web.nodePortOf('one')]) {
      expect(await askPeer(cluster, 'client', 'ask-for-datagrams', target, 9_000)).toBe('9000');
      // A resolver asks for both kinds of addresses at once.
      expect(await askPeer(cluster, 'client', 'ask-for-datagrams', target, 45, 46)).toBe('45 46');
      const sizes = [1, 512, 1_400, 4_097, 20_000, 60_000];
      expect(await askPeer(cluster, 'client', 'ask-for-datagrams', target, ...sizes)).toBe(sizes.join(' '));
    }
    await server.stop();
  });

  it.each(FAMILIES)(
    'a NodePort over %s is let through a firewall that accepts nothing new',
    async (family) => {
      const web = await cluster.publish({ family, protocol: 'TCP', nodePort: true, pods: ['b1'] });
      const iptables = family === 'IPv4' ? 'iptables' : 'ip6tables';
      const neighbours = family === 'IPv4' ? [] : [['-p', 'ipv6-icmp']];
      const openings = [['-i', 'lo'], ['-m', 'conntrack', '--ctstate', 'ESTABLISHED'], ...neighbours];
      const firewall = (verb: string, policy: string) =>
        cluster.run('one', [
          ...openings.map((match) => [iptables, '-w', verb, 'INPUT', ...match, '-j', 'ACCEPT'] as const),
          [iptables, '-w', '-P', 'INPUT', policy],
        ]);
      await firewall('-A', 'DROP');
      try {
        expect(await cluster.read('client', `http://${web.nodeUrlHost('one')}:10256/healthz`)).toHaveProperty(
          'error',
        );
        expect(await web.askOften(20, 'client', web.nodePortOf('one'))).toMatchObject({ byPod: { b1: 20 } });
      } finally {
        await firewall('-D', 'ACCEPT');
      }
    },
  );

  it.each(FAMILIES)('a client has one pod over %s, at a node that prefers its own', async (family) => {
    const web = await cluster.publish({
      family,
      protocol: 'TCP',
      nodePort: true,
      spec: { sessionAffinity: 'ClientIP', externalTrafficPolicy: 'Local' },
      pods: ['a1', 'a2', 'b1'],
    });
    for (const from of clientAddresses(family).slice(0, 10)) {
      const first = await web.ask('client', web.nodePortOf('one'), { from });
      expect(first).toMatchObject({ pod: expect.stringMatching(/^a[12]$/) });
      const again = await web.ask('client', web.clusterIP, { from });
      expect(again).toMatchObject({ pod: isFailure(first) ? undefined : first.pod });
    }
  });
});

describe('a connection', () => {
  const cluster = useCluster(userspace);

  it.each([
    ['is removed', ['a1']],
    ['is terminating', ['a1', leaving('b1')]],
  ])('outlives that its endpoint %s, which gets no new ones', async (_what, pods) => {
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1', 'b1'] });
    const connection = await web.connectTo('b1', 'visitor-a');
    await web.update({ pods });
    expect(await web.askOften(20, 'visitor-a', web.clusterIP)).toMatchObject({ byPod: { a1: 20 } });
    expect(await connection.echo('still here')).toBe('still here');
    await connection.close();
  });

  it('outlives its Service', async () => {
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1'] });
    const connection = await web.connectTo('a1', 'visitor-a');
    await web.withdraw();
    await eventually(() => web.ask('visitor-a', web.clusterIP)).toMatchObject({ error: 'unreachable' });
    expect(await connection.echo('still here')).toBe('still here');
    await connection.close();
  });

  it('is reset when its pod resets it', async () => {
    const pod = await cluster.lab.addPod({
      name: 'short-lived',
      node: 'two',
      ip: '10.244.1.51',
      ports: [8080],
    });
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['short-lived'] });
    const connection = await web.connectTo('short-lived', 'visitor-a');
    await pod.stopServing();
    await eventually(() => connection.status()).not.toBe('open');
  });

  it('ends with the drain timeout after its endpoint was removed', async () => {
    await cluster.proxy('one').end('SIGTERM');
    cluster.proxy('one').start(['--userspace-drain-timeout=2s']);
    await cluster.synced();
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1', 'b1'] });
    const [stays, drains] = [await web.connectTo('a1', 'visitor-a'), await web.connectTo('b1', 'visitor-a')];
    await web.update({ pods: ['a1'] });
    expect(await drains.echo('for a while')).toBe('for a while');
    await eventually(() => drains.status()).not.toBe('open');
    expect(await stays.echo('for long')).toBe('for long');
    await stays.close();
  });
});

describe('when the proxy is told to end', () => {
  const cluster = useCluster(userspace);

  it('it takes no more connections, and ends with the last one it has', async () => {
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1'] });
    const connection = await web.connectTo('a1', 'visitor-a');
    const ended = cluster.proxy('one').end('SIGTERM');
    await eventually(() => web.ask('visitor-a', web.clusterIP)).toMatchObject({ error: 'refused' });
    expect(await connection.echo('still here')).toBe('still here');
    expect(cluster.proxy('one').isRunning).toBe(true);
    await connection.close();
    expect(await ended).toEqual({ status: 0, signal: null });
    cluster.proxy('one').start();
    await cluster.synced();
  });

  it('it waits no longer than the shutdown timeout', async () => {
    await cluster.proxy('one').end('SIGTERM');
    cluster.proxy('one').start(['--userspace-shutdown-timeout=1s']);
    await cluster.synced();
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1'] });
    const connection = await web.connectTo('a1', 'visitor-a');
    expect(await cluster.proxy('one').end('SIGTERM')).toEqual({ status: 0, signal: null });
    await eventually(() => connection.status()).not.toBe('open');
  });
});
