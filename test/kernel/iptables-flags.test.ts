/** Flags that change the way of packets: whose packets are masqueraded, and where NodePorts answer. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from './behaviour/cluster.ts';
import { MODES } from './behaviour/modes.ts';
import type { Offer } from './behaviour/offer.ts';
import { type PublishedService, SILENCE } from './behaviour/published-service.ts';
import { FAMILIES } from './behaviour/topology.ts';

/** The pod's interface on its node. */
async function interfaceOf(cluster: Cluster, pod: string): Promise<string> {
  const { node, ip } = cluster.lab.pod(pod);
  const { stdout } = await node.exec('ip', ['-o', 'route', 'get', `${ip}`]);
  return / dev (\S+)/.exec(stdout)?.[1] ?? '';
}

describe.each(MODES.filter(({ flags }) => flags.includes('--proxy-mode=iptables')))('$name', (mode) => {
  const cluster = new Cluster(mode);
  beforeAll(() => cluster.start());
  afterAll(() => cluster.stop());

  const restart = async (flags: readonly string[]): Promise<void> => {
    await Promise.all(cluster.proxies.map((proxy) => proxy.end('SIGTERM')));
    for (const proxy of cluster.proxies) proxy.start(flags);
    await cluster.synced();
  };

  /** Publishes a Service of pod b1 in each family, and compares the host whose address b1 sees, by who asks. */
  const expectSeen = async (expected: Readonly<Record<string, string>>, offer: Partial<Offer> = {}) => {
    const services: PublishedService[] = [];
    for (const family of FAMILIES) {
      const web = await cluster.publish({ family, protocol: 'TCP', pods: ['b1'], ...offer });
      for (const [from, seen] of Object.entries(expected)) {
        expect({ from, ...(await web.ask(from, web.clusterIP)) }).toMatchObject({
          from,
          client: cluster.addressOf(seen, family),
        });
      }
      services.push(web);
    }
    return services;
  };

  describe('masquerading', () => {
    it('--detect-local-mode=ClusterCIDR spares the pods of the cluster', async () => {
      await restart(['--detect-local-mode=ClusterCIDR']);
      await expectSeen({ 'visitor-a': 'visitor-a', 'visitor-b': 'visitor-b', client: 'one' });
    });

    it('--detect-local-mode=NodeCIDR spares the pods of the node', async () => {
      await restart(['--detect-local-mode=NodeCIDR']);
      const services = await expectSeen(
        { 'visitor-a': 'visitor-a', 'visitor-b': 'visitor-b', client: 'one' },
        { nodePort: true, spec: { externalTrafficPolicy: 'Local' } },
      );
      // Node one leads its own pods wherever the Service is; one of node two is a stranger there.
      for (const web of services) {
        expect(await web.ask('visitor-a', web.nodePortOf('one'))).toMatchObject({ pod: 'b1' });
        expect(await web.ask('visitor-b', web.nodePortOf('one'), SILENCE)).toMatchObject({
          error: 'timeout',
        });
      }
    });

    it('--detect-local-mode=BridgeInterface spares whatever comes in by that interface', async () => {
      const bridge = await interfaceOf(cluster, 'visitor-a');
      await restart(['--detect-local-mode=BridgeInterface', `--pod-bridge-interface=${bridge}`]);
      await expectSeen({ 'visitor-a': 'visitor-a', a2: 'one', client: 'one' });
    });

    it('--detect-local-mode=InterfaceNamePrefix spares whatever comes in by such an interface', async () => {
      await restart(['--detect-local-mode=InterfaceNamePrefix', '--pod-interface-name-prefix=veth']);
      await expectSeen({ 'visitor-a': 'visitor-a', a2: 'a2', client: 'one' });
      await restart(['--detect-local-mode=InterfaceNamePrefix', '--pod-interface-name-prefix=cali']);
      await expectSeen({ 'visitor-a': 'one' });
    });

    it('--masquerade-all spares nobody', async () => {
      await restart(['--masquerade-all']);
      await expectSeen({ 'visitor-a': 'one', 'visitor-b': 'two', client: 'one' });
    });
  });

  describe('NodePorts', () => {
    const publish = (family: IpFamily) =>
      cluster.publish({ family, protocol: 'TCP', nodePort: true, pods: ['b1'] });

    it('--nodeport-addresses=primary keeps to the address of the node', async () => {
      await restart(['--nodeport-addresses=primary']);
      for (const family of FAMILIES) {
        const web = await publish(family);
        expect(await web.ask('client', web.nodePortOf('one'))).toMatchObject({ pod: 'b1' });
        const elsewhere = family === 'IPv4' ? '127.0.0.1' : '[::1]';
        expect(await web.ask('one', `${elsewhere}:${web.identity.nodePort}`)).toMatchObject({
          error: 'refused',
        });
      }
    });

    it('--nodeport-addresses keeps to the networks it is given', async () => {
      await restart(['--nodeport-addresses=192.168.49.3/32,fd00:49::3/128']);
      for (const family of FAMILIES) {
        const web = await publish(family);
        expect(await web.ask('client', web.nodePortOf('two'))).toMatchObject({ pod: 'b1' });
        expect(await web.ask('client', web.nodePortOf('one'))).toMatchObject({ error: 'refused' });
      }
    });

    it('--iptables-localhost-nodeports=false keeps away from 127.0.0.1', async () => {
      await restart(['--iptables-localhost-nodeports=false']);
      const web = await publish('IPv4');
      expect(await web.ask('one', web.nodePortOf('one'))).toMatchObject({ pod: 'b1' });
      expect(await web.ask('one', `127.0.0.1:${web.identity.nodePort}`)).toMatchObject({ error: 'refused' });
    });
  });
});
