/**
 * UDP clients that keep their source port. To the kernel all their datagrams are one flow, which goes on to where it led
 * first, whatever the rules say by now, unless somebody cuts it.
 */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Outcome } from '@menwei/lab/outcome.ts';
import { describe, expect, it, vi } from 'vitest';
import type { Cluster } from './cluster.ts';
import { leaving, type Offer } from './offer.ts';
import { PATIENCE_MS } from './patience.ts';
import { PublishedService } from './published-service.ts';
import { describeModes } from './suite.ts';
import { FAMILIES } from './topology.ts';

/** What comes between two datagrams of one client is less than any timeout of the kernel. */
const TIMEOUT_MS = 1_000;
const MARK = '7';

/** A client that keeps its source port. */
class Client {
  readonly sourcePort: number;
  readonly #cluster: Cluster;
  readonly #host: string;
  readonly #family: IpFamily;

  constructor(cluster: Cluster, host: string, family: IpFamily) {
    this.#cluster = cluster;
    this.#host = host;
    this.#family = family;
    this.sourcePort = cluster.newSourcePort();
  }

  ask(target: string): Promise<Outcome> {
    const options = { sourcePort: this.sourcePort, timeoutMs: TIMEOUT_MS };
    return this.#cluster.host(this.#host).udp(target, options);
  }

  /** Goes on until the outcome is as expected. */
  async asksUntil(target: string, expected: object): Promise<void> {
    const { sourcePort } = this;
    await vi.waitFor(
      async () =>
        expect({ from: this.#host, target, sourcePort, ...(await this.ask(target)) }).toMatchObject(expected),
      { timeout: PATIENCE_MS, interval: 50 },
    );
  }

  /** Marks the flow on a node, so that it can be told from a later one. */
  async mark(node: string): Promise<void> {
    expect(await this.#conntrack(node, '-U', '-m', MARK)).toMatch(/^udp /);
  }

  /** Whether the flow that was marked is still there. */
  async isMarked(node: string): Promise<boolean> {
    return (await this.#conntrack(node, '-L', '-m', MARK)) !== '';
  }

  async #conntrack(node: string, command: string, ...options: readonly string[]): Promise<string> {
    const family = this.#family.toLowerCase();
    const flow = ['-f', family, '-p', 'udp', '--orig-port-src', String(this.sourcePort)];
    const { stdout } = await this.#cluster.host(node).exec('conntrack', [command, ...flow, ...options]);
    return stdout;
  }
}

describeModes('UDP flows', (cluster) => {
  describe.concurrent.each(FAMILIES)('over %s', (family) => {
    const clientOn = (host: string) => new Client(cluster, host, family);
    const publish = (offer: Omit<Offer, 'family' | 'protocol'>) =>
      cluster.publish({ family, protocol: 'UDP', ...offer });

    /** How a client may reach a Service: from a host, to an address, with its flow on a node. */
    const ways = (web: PublishedService) =>
      [
        ['visitor-a', web.clusterIP],
        ['one', web.clusterIP],
        ['client', web.clusterIP],
        ['client', web.nodePortOf('one')],
        ['visitor-b', web.nodePortOf('one')],
        ['one', web.nodePortOf('one')],
        ['client', web.externalIP],
        ['visitor-a', web.loadBalancerIP],
      ] as const;
    const everyWay = { nodePort: true, externalIP: true, loadBalancer: {} };
    const open = (web: PublishedService) =>
      ways(web).map(([host, target]) => ({ host, target, client: clientOn(host) }));

    it('move when their endpoint is replaced', async () => {
      const web = await publish({ ...everyWay, pods: ['a1'] });
      const flows = open(web);
      for (const { client, target } of flows) expect(await client.ask(target)).toMatchObject({ pod: 'a1' });
      await web.update({ pods: ['b1'] });
      for (const { client, target } of flows) {
        await client.asksUntil(target, { pod: 'b1' });
      }
    });

    it('end when the Service is deleted', async () => {
      const web = await publish({ ...everyWay, pods: ['a1'] });
      const flows = open(web);
      for (const { client, target } of flows) expect(await client.ask(target)).toMatchObject({ pod: 'a1' });
      await web.withdraw();
      for (const { client, target } of flows) {
        await client.asksUntil(target, { error: expect.stringMatching(/^(refused|unreachable)$/) });
      }
    });

    it('end when the last endpoint goes, and come back with the next one', async () => {
      const web = await publish({ ...everyWay, pods: ['a1'] });
      const flows = open(web);
      for (const { client, target } of flows) expect(await client.ask(target)).toMatchObject({ pod: 'a1' });
      await web.update({ pods: [] });
      for (const { client, target } of flows) {
        await client.asksUntil(target, { error: 'refused' });
      }
      await web.update({ pods: ['b1'] });
      for (const { client, target } of flows) {
        await client.asksUntil(target, { pod: 'b1' });
      }
    });

    it('that are older than the Service reach it', async () => {
      const offer: Offer = { family, protocol: 'UDP', ...everyWay, pods: ['b1'] };
      const web = new PublishedService(cluster, cluster.newIdentity(family), offer);
      const flows = open(web);
      for (const { host, client, target } of flows) {
        expect({ host, target, ...(await client.ask(target)) }).toHaveProperty('error');
      }
      await web.update({});
      for (const { client, target } of flows) {
        await client.asksUntil(target, { pod: 'b1' });
      }
    });

    it('end at an address that the Service loses, and stay at the others', async () => {
      const web = await publish({ ...everyWay, pods: ['a1'] });
      const stays = clientOn('client');
      expect(await stays.ask(web.clusterIP)).toMatchObject({ pod: 'a1' });
      await stays.mark('one');
      const lost = [web.nodePortOf('one'), web.externalIP, web.loadBalancerIP].map(
        (target) => [clientOn('client'), target] as const,
      );
      for (const [client, target] of lost) expect(await client.ask(target)).toMatchObject({ pod: 'a1' });
      await web.update({ nodePort: false, externalIP: false, loadBalancer: { ipMode: 'Proxy' } });
      for (const [client, target] of lost) {
        await client.asksUntil(target, { error: expect.anything() });
      }
      expect(await stays.ask(web.clusterIP)).toMatchObject({ pod: 'a1' });
      expect(await stays.isMarked('one')).toBe(true);
    });

    it('stay with an endpoint that serves, also while it leaves', async () => {
      const web = await publish({ nodePort: true, pods: ['a1'] });
      const flows = [
        [clientOn('visitor-a'), web.clusterIP],
        [clientOn('client'), web.nodePortOf('one')],
      ] as const;
      for (const [client, target] of flows) {
        // More than one question and its answer, which would be soon forgotten.
        for (let asked = 0; asked < 2; asked += 1) {
          expect(await client.ask(target)).toMatchObject({ pod: 'a1' });
        }
        await client.mark('one');
      }
      await web.update({ pods: ['a1', 'a2', 'b1'] });
      await web.update({ pods: [leaving('a1'), 'b1'] });
      // Its flow tells that the cut of that update is over.
      const other = await publish({ pods: ['a1'] });
      const witness = clientOn('visitor-a');
      expect(await witness.ask(other.clusterIP)).toMatchObject({ pod: 'a1' });
      await other.update({ pods: ['b1'] });
      await witness.asksUntil(other.clusterIP, { pod: 'b1' });
      for (const [client, target] of flows) {
        expect(await client.ask(target)).toMatchObject({ pod: 'a1' });
        expect(await client.isMarked('one')).toBe(true);
      }
    });

    it('to the number of a NodePort that are none of its business live', async () => {
      const web = await publish({ nodePort: true, pods: ['a1'] });
      const { nodePort } = web.identity;
      const pod = cluster.lab.pod('b1');
      const server = `b1:${nodePort}`;
      await pod.serve({ pod: server, node: 'two' }, [nodePort]);
      const client = clientOn('client');
      const unrelated = clientOn('visitor-a');
      const address = cluster.addressOf('b1', family);
      const direct = family === 'IPv4' ? `${address}:${nodePort}` : `[${address}]:${nodePort}`;
      try {
        expect(await client.ask(web.nodePortOf('one'))).toMatchObject({ pod: 'a1' });
        expect(await unrelated.ask(direct)).toMatchObject({ pod: server });
        await unrelated.mark('one');
        await unrelated.mark('two');
        await web.update({ pods: ['a2'] });
        await client.asksUntil(web.nodePortOf('one'), { pod: 'a2' });
        await web.update({ pods: [] });
        await client.asksUntil(web.nodePortOf('one'), { error: 'refused' });
        await web.withdraw();
        await client.asksUntil(web.clusterIP, { error: 'unreachable' });
        expect(await unrelated.ask(direct)).toMatchObject({ pod: server });
        expect([await unrelated.isMarked('one'), await unrelated.isMarked('two')]).toEqual([true, true]);
      } finally {
        await pod.stopServing(server);
      }
    });
  });

  // Not beside the others: the proxy is away for a while.
  describe.each(FAMILIES)('over %s, when the proxy starts again', (family) => {
    const offer = { family, protocol: 'UDP', nodePort: true, pods: ['a1'] } as const;
    const flowsOf = (web: PublishedService) =>
      [
        [new Client(cluster, 'visitor-a', family), web.clusterIP],
        [new Client(cluster, 'one', family), web.clusterIP],
        [new Client(cluster, 'client', family), web.nodePortOf('one')],
      ] as const;

    it('go on while the proxy is away', async () => {
      const web = await cluster.publish(offer);
      const flows = flowsOf(web);
      for (const [client, target] of flows) expect(await client.ask(target)).toMatchObject({ pod: 'a1' });
      await cluster.proxy('one').end('SIGTERM');
      await web.update({ pods: ['b1'] });
      for (const [client, target] of flows) expect(await client.ask(target)).toMatchObject({ pod: 'a1' });
      cluster.proxy('one').start();
      await cluster.synced();
    });

    it('live if their endpoint does, and move if it has gone meanwhile', async () => {
      const [same, other] = [await cluster.publish(offer), await cluster.publish(offer)];
      const [stay, move] = [flowsOf(same), flowsOf(other)];
      for (const [client, target] of [...stay, ...move]) {
        expect(await client.ask(target)).toMatchObject({ pod: 'a1' });
        await client.mark('one');
      }
      await cluster.proxy('one').end('SIGTERM');
      await other.update({ pods: ['b1'] });
      cluster.proxy('one').start();
      await cluster.synced();
      for (const [client, target] of move) {
        await client.asksUntil(target, { pod: 'b1' });
      }
      for (const [client, target] of stay) {
        expect(await client.ask(target)).toMatchObject({ pod: 'a1' });
        expect(await client.isMarked('one')).toBe(true);
      }
    });
  });
});
