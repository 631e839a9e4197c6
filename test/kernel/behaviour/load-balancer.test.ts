/** A load-balancer address beside the ports of its Services (load-balancer § 7). */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { LabHost } from '@menwei/lab/host.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from './cluster.ts';
import { addNarrowPath } from './narrow-path.ts';
import { SILENCE } from './published-service.ts';
import { describeModes, describeTraffic, eventually } from './suite.ts';
import { CLIENT_RANGE, clientAddress, FAMILIES } from './topology.ts';

/** Outside, pods on both nodes, and both nodes. */
const EVERYBODY = ['client', 'visitor-a', 'visitor-b', 'one', 'two'];

/** Who answers one ping, or nobody. */
async function ping(cluster: Cluster, from: string, ip: string): Promise<string> {
  const { stdout } = await cluster.host(from).exec('ping', ['-n', '-c', '1', '-W', '2', ip]);
  return /bytes from (\S+):/.exec(stdout)?.[1] ?? 'nobody';
}

describeModes('load-balancer addresses', (cluster) => {
  describeTraffic(cluster, (family, protocol) => {
    const addressOf = (host: string) => cluster.addressOf(host, family);

    it('refuse ports that no Service has', async () => {
      const web = await cluster.publish({ family, protocol, loadBalancer: {}, pods: ['a1'] });
      for (const from of EVERYBODY) {
        expect({ from, ...(await web.ask(from, web.closedPort)) }).toMatchObject({ from, error: 'refused' });
      }
    });

    it('refuse them whoever may use the others, and drop those who may not', async () => {
      const web = await cluster.publish({
        family,
        protocol,
        loadBalancer: {},
        spec: { loadBalancerSourceRanges: [CLIENT_RANGE[family]] },
        pods: ['a1'],
      });
      const allowed = { from: clientAddress(family, 4) };
      expect(await web.ask('client', web.loadBalancerIP, allowed)).toMatchObject({ pod: 'a1' });
      expect(await web.ask('client', web.closedPort, allowed)).toMatchObject({ error: 'refused' });
      const stranger = { from: addressOf('client') };
      expect(await web.ask('client', web.closedPort, stranger)).toMatchObject({ error: 'refused' });
      const dropped = await web.ask('client', web.loadBalancerIP, { ...SILENCE, ...stranger });
      expect(dropped).toMatchObject({ error: 'timeout' });
    });

    it('refuse them at a node without a pod, which drops what a Local policy keeps off it', async () => {
      const spec = { externalTrafficPolicy: 'Local' };
      const web = await cluster.publish({ family, protocol, loadBalancer: {}, spec, pods: ['b1'] });
      expect(await web.ask('client', web.closedPort)).toMatchObject({ error: 'refused' });
      expect(await web.ask('client', web.loadBalancerIP, SILENCE)).toMatchObject({ error: 'timeout' });
      for (const from of ['visitor-a', 'one']) {
        expect(await web.ask(from, web.loadBalancerIP)).toMatchObject({ pod: 'b1' });
      }
    });

    it('are left alone with ipMode Proxy, under a Local policy too', async () => {
      const loadBalancer = { ipMode: 'Proxy' } as const;
      const spec = { externalTrafficPolicy: 'Local' };
      const web = await cluster.publish({ family, protocol, loadBalancer, spec, pods: ['a1'] });
      const targets = [web.loadBalancerIP, web.closedPort];
      const outcomes = ['client', 'visitor-a', 'one'].flatMap((from) =>
        targets.map(async (target) => ({ from, target, ...(await web.ask(from, target)) })),
      );
      for (const outcome of await Promise.all(outcomes))
        expect(outcome).toMatchObject({ error: 'unreachable' });
    });
  });

  describe.each(FAMILIES)('over %s', (family) => {
    const protocol = 'TCP';

    if (!cluster.mode.gathersAddresses) {
      it('are no external IPs, whose other ports are their owner’s', async () => {
        const web = await cluster.publish({ family, protocol, externalIP: true, pods: ['a1'] });
        const { externalIP } = web.identity;
        for (const from of ['client', 'visitor-a', 'one']) {
          expect(await web.ask(from, formatHostPort(externalIP, 81))).toMatchObject({ error: 'unreachable' });
          expect(await ping(cluster, from, externalIP)).toBe('nobody');
        }
      });
    }

    const publish = () =>
      cluster.publish({ family, protocol, loadBalancer: {}, externalIP: true, pods: ['a1'] });

    it('answer pings', async () => {
      const { loadBalancerIP } = (await publish()).identity;
      for (const from of EVERYBODY) {
        expect({ from, by: await ping(cluster, from, loadBalancerIP) }).toEqual({ from, by: loadBalancerIP });
      }
    });

    it('answer pings without an endpoint, and no more once the Service is gone', async () => {
      const web = await publish();
      const { loadBalancerIP } = web.identity;
      await web.update({ pods: [] });
      expect(await ping(cluster, 'client', loadBalancerIP)).toBe(loadBalancerIP);
      await web.withdraw();
      await eventually(() => ping(cluster, 'client', loadBalancerIP)).toBe('nobody');
      await eventually(() => web.ask('client', web.closedPort)).toMatchObject({ error: 'unreachable' });
    });

    it('are answered for by nobody with ipMode Proxy', async () => {
      const web = await cluster.publish({
        family,
        protocol,
        loadBalancer: { ipMode: 'Proxy' },
        pods: ['a1'],
      });
      for (const from of ['client', 'visitor-a', 'one']) {
        expect(await ping(cluster, from, web.identity.loadBalancerIP)).toBe('nobody');
      }
    });

    it('stay with the interface of a node that has them', async () => {
      const web = await publish();
      const ip = web.identity.loadBalancerIP;
      const one = cluster.host('one');
      // Else it could not be used before the kernel knows that nobody else has it.
      const atOnce = family === 'IPv4' ? [] : ['nodad'];
      await one.exec('ip', ['addr', 'add', ip, 'dev', 'eth0', ...atOnce]);
      await one.serve({ pod: 'keepalived', node: 'one' }, [81], [ip]);
      try {
        for (const from of ['client', 'visitor-a', 'one']) {
          await eventually(() => web.ask(from, web.closedPort)).toMatchObject({ pod: 'keepalived' });
          expect(await ping(cluster, from, ip)).toBe(ip);
        }
        expect(await web.ask('client', web.loadBalancerIP)).toMatchObject({ pod: 'a1' });
      } finally {
        await one.stopServing('keepalived');
        await one.exec('ip', ['addr', 'del', ip, 'dev', 'eth0']);
      }
    });
  });

  describe('to clients behind a narrow path', () => {
    let far: LabHost;
    beforeAll(async () => {
      far = await addNarrowPath(cluster);
    });
    afterAll(() => far?.close());

    describe.each(FAMILIES)('over %s', (family) => {
      it.each(['Cluster', 'Local'] as const)('answer large, with policy %s', async (policy) => {
        const spec = { externalTrafficPolicy: policy };
        const pods = [policy === 'Cluster' ? 'a1' : 'a2'];
        const offer = { family, protocol: 'TCP', loadBalancer: {}, spec, pods } as const;
        const web = await cluster.publish(offer);
        const connection = await far.open(web.loadBalancerIP);
        if (isFailure(connection)) throw new Error(connection.detail);
        const text = 'x'.repeat(20_000);
        expect(await connection.echo(text, 10_000)).toBe(text);
        await connection.close();
      });
    });
  });
});
