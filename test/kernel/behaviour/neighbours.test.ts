/** Services beside each other: what one is must not show in another. */
import type { V1EndpointSlice, V1Service } from '@kubernetes/client-node';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { ServicePortStatus } from 'menwei/state/service-port-status.ts';
import { describe, expect, it } from 'vitest';
import { describeService, describeSlice, type Offer } from './offer.ts';
import type { PublishedService } from './published-service.ts';
import { describeModes, describeTraffic, eventually } from './suite.ts';
import { FAMILIES } from './topology.ts';

describeModes('Services side by side', (cluster) => {
  describe.each(FAMILIES)('over %s', (family) => {
    const addressOf = (host: string) => cluster.addressOf(host, family);

    it('headless Services, ExternalNames and those of other proxies are left alone', async () => {
      const headless = await cluster.publish({
        family,
        protocol: 'TCP',
        spec: { clusterIP: 'None', clusterIPs: ['None'] },
        pods: ['a1'],
      });
      const external = await cluster.publish({
        family,
        protocol: 'TCP',
        spec: { type: 'ExternalName', externalName: 'example.org' },
        pods: ['a1'],
      });
      const foreign = await cluster.publish({
        family,
        protocol: 'TCP',
        labels: { 'service.kubernetes.io/service-proxy-name': 'another' },
        pods: ['a1'],
      });
      const web = await cluster.publish({ family, protocol: 'TCP', pods: ['a1'] });
      const dump = await cluster.dump('one');
      const status = await cluster.proxy('one').status();
      for (const { identity, clusterIP } of [headless, external, foreign]) {
        const name = `${identity.namespace}/${identity.name}`;
        expect(dump.match(new RegExp(`.*\\b${name}\\b.*`, 'g'))).toBeNull();
        expect(status.filter(({ servicePort }) => servicePort === `${name}/TCP`)).toEqual([]);
        expect(await web.ask('visitor-a', clusterIP)).toMatchObject({ error: 'unreachable' });
      }
      expect(await web.ask('visitor-a', web.clusterIP)).toMatchObject({ pod: 'a1' });
    });

    it('one port number of TCP and UDP leads to different pods', async () => {
      const identity = cluster.newIdentity(family);
      const offers = (['TCP', 'UDP'] as const).map(
        (protocol): Offer => ({ family, protocol, pods: [protocol === 'TCP' ? 'a1' : 'b1'] }),
      );
      const named = offers.map((offer) => {
        const slice = describeSlice(identity, offer, (pod) => ({ address: addressOf(pod), node: 'one' }));
        return {
          ...slice,
          metadata: { ...slice.metadata, name: `${identity.name}-${offer.protocol.toLowerCase()}` },
          ports: slice.ports?.map((port) => ({ ...port, name: offer.protocol.toLowerCase() })),
        };
      });
      const service = describeService(identity, {
        family,
        protocol: 'TCP',
        pods: [],
        spec: { ports: offers.map(({ protocol }) => ({ name: protocol.toLowerCase(), protocol, port: 80 })) },
      });
      await cluster.apply(identity.name, [service, ...named]);
      const target = formatHostPort(identity.clusterIP, 80);
      expect(await cluster.host('visitor-a').http(target)).toMatchObject({ pod: 'a1' });
      expect(await cluster.host('visitor-a').udp(target)).toMatchObject({ pod: 'b1' });
    });

    const publishSctp = () =>
      cluster.publish({ family, protocol: 'SCTP', nodePort: true, pods: ['a1', 'b1'] });

    const expectStatus = async ({ identity }: PublishedService, status: Partial<ServicePortStatus>) => {
      const servicePort = `${identity.namespace}/${identity.name}/SCTP`;
      for (const proxy of cluster.proxies) {
        expect(await proxy.status()).toContainEqual(
          expect.objectContaining({ servicePort, family, ...status }),
        );
      }
    };

    if (cluster.mode.forwardsSctp) {
      it('SCTP is programmed (its traffic is tested where the kernel has SCTP sockets)', async () => {
        await expectStatus(await publishSctp(), { state: 'programmed' });
        const dump = await cluster.dump('one');
        for (const pod of ['a1', 'b1']) {
          expect(dump).toMatch(
            new RegExp(`sctp.*${quoted(cluster.mode.dump.formatEndpoint(addressOf(pod), 8080))}`),
          );
        }
      });
    } else {
      it('SCTP is reported as an error, and is in nobody’s way', async () => {
        const web = await publishSctp();
        await expectStatus(web, { state: 'error', error: expect.stringContaining('SCTP') });
        expect(await cluster.dump('one')).not.toMatch(cluster.mode.dump.mention(web.identity));
        const other = await cluster.publish({ family, protocol: 'TCP', pods: ['a1'] });
        expect(await other.ask('visitor-a', other.clusterIP)).toMatchObject({ pod: 'a1' });
      });
    }

    it('of two that ask for one address the older has it, and the younger inherits it', async () => {
      const younger = await cluster.publish({
        family,
        protocol: 'TCP',
        externalIP: true,
        createdAt: '2026-02-01T00:00:00Z',
        pods: ['b1'],
      });
      const contested = younger.externalIP;
      expect(await younger.ask('client', contested)).toMatchObject({ pod: 'b1' });
      const older = await cluster.publish({
        family,
        protocol: 'TCP',
        spec: { externalIPs: [younger.identity.externalIP] },
        createdAt: '2026-01-01T00:00:00Z',
        pods: ['a1'],
      });
      expect(await older.askOften(10, 'client', contested)).toMatchObject({ byPod: { a1: 10 } });
      expect(await younger.ask('client', younger.clusterIP)).toMatchObject({ pod: 'b1' });
      await eventually(() => cluster.proxy('one').output).toMatch(
        new RegExp(`${younger.identity.name}.*already belongs to Service test/${older.identity.name}\\b`),
      );
      await older.withdraw();
      await eventually(() => younger.ask('client', contested)).toMatchObject({ pod: 'b1' });
    });

    it('what cannot be programmed is reported, and the rest of its file works', async () => {
      const identity = cluster.newIdentity(family);
      const offer: Offer = { family, protocol: 'TCP', pods: ['a1'] };
      const good = [
        describeService(identity, offer),
        describeSlice(identity, offer, (pod) => ({ address: addressOf(pod), node: 'one' })),
      ];
      const bad = (name: string) => ({ ...cluster.newIdentity(family), name });
      const badAddress: V1Service = describeService(
        { ...bad('bad-address'), clusterIP: '172.30.0.256' },
        offer,
      );
      const badPort: V1Service = describeService(bad('bad-port'), {
        ...offer,
        spec: { ports: [{ port: 0, protocol: 'TCP' }] },
      });
      const badName: V1Service = describeService(bad('bad\n-A INPUT -j ACCEPT'), offer);
      const badEndpoint: V1EndpointSlice = describeSlice(identity, offer, () => ({
        address: 'nowhere',
        node: 'one',
      }));
      badEndpoint.metadata = { ...badEndpoint.metadata, name: 'bad-endpoint' };
      const title = `mixed-${family.toLowerCase()}`;
      await cluster.apply(title, [badAddress, badPort, badName, badEndpoint, ...good]);
      const target = formatHostPort(identity.clusterIP, 80);
      expect(await cluster.host('visitor-a').http(target)).toMatchObject({ pod: 'a1' });
      for (const complaint of [
        /Service test\/bad-address: spec\.clusterIP/,
        /Service test\/bad-port: spec\.ports\[0\]\.port/,
        /EndpointSlice test\/bad-endpoint: endpoints\[0\]\.addresses\[0\]/,
        /metadata\.name/,
      ]) {
        expect(cluster.proxy('one').output).toMatch(
          new RegExp(`${title}\\.json.*${complaint.source}|${complaint.source}.*${title}\\.json`),
        );
      }
      expect(await cluster.dump('one')).not.toContain('-A INPUT -j ACCEPT');
    });
  });

  describeTraffic(cluster, (family, protocol) => {
    it('a change of one leaves the rules of another as they are, counts included', async () => {
      const quiet = await cluster.publish({ family, protocol, nodePort: true, pods: ['a1', 'b1'] });
      await quiet.askOften(10, 'visitor-a', quiet.clusterIP);
      await quiet.askOften(10, 'client', quiet.nodePortOf('one'));
      const before = await cluster.countedLines('one', quiet);
      const busy = await cluster.publish({ family, protocol, pods: ['a1'] });
      await busy.update({ pods: ['a1', 'a2', 'b1'], nodePort: true });
      await busy.update({ pods: [] });
      const after = await cluster.countedLines('one', quiet);
      const isOwn = (line: string) => !cluster.mode.dump.isShared(line);
      expect(before.filter(isOwn).length).toBeGreaterThan(0);
      expect(after.filter(isOwn)).toEqual(before.filter(isOwn));
      expect(after.map(withoutCounts)).toEqual(before.map(withoutCounts));
    });
  });
});

function quoted(text: string): string {
  return text.replace(/[.[\]]/g, '\\$&');
}

function withoutCounts(line: string): string {
  return line.replace(/^\[\d+:\d+\] /, '');
}
