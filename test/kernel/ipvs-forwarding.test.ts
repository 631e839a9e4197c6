/** Direct and tunnelled forwarding (docs/forwarding.md) with pods that own the virtual addresses of their Services. */
import { spawnSync } from 'node:child_process';
import { formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import type { Arrival } from '@menwei/lab/owned-address.ts';
import { countPackets } from '@menwei/lab/packet-counter.ts';
import type { Protocol } from 'menwei/kubernetes/objects.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from './behaviour/cluster.ts';
import { MODES } from './behaviour/modes.ts';
import { MENWEI } from './behaviour/node-proxy.ts';
import { type Identity, type Offer, POD_PORT } from './behaviour/offer.ts';
import { PublishedService } from './behaviour/published-service.ts';
import { clientAddress, FAMILIES, TRANSPORTS } from './behaviour/topology.ts';

const ipvs = MODES.find(({ name }) => name === 'ipvs');
if (ipvs === undefined) throw new Error('these tests need the ipvs mode');

const FORWARDING = 'menwei.dev/ipvs-forwarding';
const LOCAL: Offer['spec'] = { externalTrafficPolicy: 'Local', internalTrafficPolicy: 'Local' };

/** A cluster whose pods own the addresses of some Services to come. */
class OwnersCluster extends Cluster {
  readonly arrival: Arrival;
  readonly #owned = new Map<IpFamily, Identity[]>(FAMILIES.map((family) => [family, []]));

  constructor(mode: typeof ipvs & object, arrival: Arrival) {
    super(mode);
    this.arrival = arrival;
  }

  /** Makes pods the owners of the addresses of so many Services of each family. */
  async prepare(pods: readonly string[], count: number): Promise<void> {
    for (const node of this.lab.nodes) node.acceptSharedAddresses();
    const addresses: string[] = [];
    for (const [family, identities] of this.#owned) {
      for (let number = 0; number < count; number++) {
        const identity = this.newIdentity(family);
        identities.push(identity);
        addresses.push(identity.clusterIP, identity.loadBalancerIP);
      }
    }
    await Promise.all(pods.map((pod) => this.lab.pod(pod).own(addresses, this.arrival)));
  }

  /** Programs a Service whose addresses the pods own, on the port that they listen on. */
  async publishOwned(offer: Offer, annotated = true): Promise<OwnedService> {
    const identity = this.#owned.get(offer.family)?.pop();
    if (identity === undefined) throw new Error('BUG: there is no prepared Service left');
    const port = {
      port: POD_PORT,
      targetPort: POD_PORT,
      protocol: offer.protocol,
      nodePort: identity.nodePort,
    };
    const service = new OwnedService(this, identity, {
      ...offer,
      loadBalancer: {},
      ...(annotated ? { annotations: { [FORWARDING]: this.arrival } } : {}),
      spec: { ports: [port], ...offer.spec },
    });
    await service.update({});
    return service;
  }
}

class OwnedService extends PublishedService {
  override get clusterIP(): string {
    return formatHostPort(this.identity.clusterIP, POD_PORT);
  }

  override get loadBalancerIP(): string {
    return formatHostPort(this.identity.loadBalancerIP, POD_PORT);
  }
}

function useCluster(arrival: Arrival, pods: readonly string[], services: number): OwnersCluster {
  if (ipvs === undefined) throw new Error('BUG: no ipvs mode');
  const cluster = new OwnersCluster(ipvs, arrival);
  beforeAll(async () => {
    await cluster.start();
    await cluster.prepare(pods, services);
  });
  afterAll(() => cluster.stop());
  return cluster;
}

function describeTraffic(define: (family: IpFamily, protocol: Protocol) => void): void {
  describe.each(FAMILIES)('over %s', (family) => {
    describe.each(TRANSPORTS)('and %s', (protocol) => define(family, protocol));
  });
}

/** What the Service's pods have in common, however packets come to them. */
function describeOwners(cluster: OwnersCluster, pods: readonly [string, string]): void {
  describeTraffic((family, protocol) => {
    it('every pod answers as the Service and sees the client itself', async () => {
      const web = await cluster.publishOwned({ family, protocol, pods });
      const half = { [pods[0]]: 5, [pods[1]]: 5 };
      for (const visitor of ['visitor-a', 'visitor-b']) {
        const tally = await web.askOften(10, visitor, web.clusterIP);
        expect({ visitor, ...tally }).toMatchObject({
          visitor,
          byPod: half,
          byClient: { [cluster.addressOf(visitor, family)]: 10 },
        });
      }
      const from = clientAddress(family, 1);
      expect(await web.askOften(10, 'client', web.loadBalancerIP, { from })).toMatchObject({
        byPod: half,
        byClient: { [from]: 10 },
      });
    });

    it('NodePorts are masqueraded, as is a Service of the same pods that asks for nothing', async () => {
      const web = await cluster.publishOwned({ family, protocol, pods });
      const node = cluster.addressOf('one', family);
      const behindNode = { failed: 0, byClient: { [node]: 4 } };
      expect(await web.askOften(4, 'client', web.nodePortOf('one'))).toMatchObject(behindNode);
      const plain = await cluster.publish({ family, protocol, pods, loadBalancer: {} });
      expect(await plain.askOften(4, 'client', plain.loadBalancerIP)).toMatchObject(behindNode);
      expect(await plain.askOften(4, 'visitor-a', plain.clusterIP)).toMatchObject({ failed: 0 });
    });
  });
}

const SERVICES_OF_OWNERS = 2 * TRANSPORTS.length;

describe('direct forwarding to pods of the same node', () => {
  const cluster = useCluster('direct', ['a1', 'a2', 'b1'], SERVICES_OF_OWNERS + 3);
  describeOwners(cluster, ['a1', 'a2']);

  it.each(FAMILIES)('a reply over %s leaves the pod as it reaches the client', async (family) => {
    const web = await cluster.publishOwned({ family, protocol: 'TCP', pods: ['a1'] });
    const virtual = await countPackets(cluster.node('one'), web.identity.loadBalancerIP);
    const own = await countPackets(cluster.node('one'), cluster.addressOf('a1', family));
    expect(await web.ask('client', web.loadBalancerIP)).toMatchObject({ pod: 'a1' });
    expect([(await virtual.read()).from > 0, (await own.read()).from]).toEqual([true, 0]);
  });

  it('the node itself is masqueraded over IPv4', async () => {
    const web = await cluster.publishOwned({ family: 'IPv4', protocol: 'TCP', pods: ['a1'] });
    const client = cluster.addressOf('one', 'IPv4');
    expect(await web.ask('one', web.clusterIP)).toMatchObject({ pod: 'a1', client });
  });

  it.each(FAMILIES)('with Local policies works on every node that has a pod, over %s', async (family) => {
    const web = await cluster.publishOwned({ family, protocol: 'TCP', pods: ['a1', 'b1'], spec: LOCAL });
    for (const [from, target, pod] of [
      ['visitor-a', web.clusterIP, 'a1'],
      ['visitor-b', web.clusterIP, 'b1'],
      ['client', web.loadBalancerIP, 'a1'],
    ] as const) {
      const client = from === 'client' ? clientAddress(family, 1) : cluster.addressOf(from, family);
      expect(await web.askOften(4, from, target, { from: client })).toMatchObject({
        byPod: { [pod]: 4 },
        byClient: { [client]: 4 },
      });
    }
  });

  it.each(FAMILIES)(
    'is given up, and reported once, for an endpoint with another port, over %s',
    async (family) => {
      const web = await cluster.publish({
        family,
        protocol: 'TCP',
        pods: ['a1', 'b1'],
        annotations: { [FORWARDING]: 'direct' },
      });
      await web.update({ pods: ['a1', 'a2'] });
      expect(await web.askOften(10, 'client', web.clusterIP)).toMatchObject({ byPod: { a1: 5, a2: 5 } });
      const told = cluster
        .proxy('one')
        .output.split('\n')
        .filter((line) => line.includes(web.identity.name));
      expect(told).toEqual([
        expect.stringContaining(
          `${FORWARDING}: spec.ports[0]: direct can't take packets for port 80 to port 8080`,
        ),
      ]);
    },
  );
});

describe('forwarding by tunnel', () => {
  const cluster = useCluster('tunnel', ['a1', 'b1'], SERVICES_OF_OWNERS + 2);
  describeOwners(cluster, ['a1', 'b1']);

  it.each(FAMILIES)('a reply over %s does not pass the node that forwarded the request', async (family) => {
    const web = await cluster.publishOwned({ family, protocol: 'TCP', pods: ['b1'] });
    const [director, other] = await Promise.all(
      ['one', 'two'].map((node) => countPackets(cluster.node(node), web.identity.loadBalancerIP)),
    );
    expect(await web.ask('client', web.loadBalancerIP)).toMatchObject({ pod: 'b1' });
    const seen = [await director?.read(), await other?.read()];
    expect(seen).toEqual([
      { from: 0, to: expect.toSatisfy((count: number) => count > 0) },
      { from: expect.toSatisfy((count: number) => count > 0), to: 0 },
    ]);
  });

  it.each(FAMILIES)('the node itself gets through over %s from an address that it names', async (family) => {
    const web = await cluster.publishOwned({ family, protocol: 'TCP', pods: ['a1', 'b1'] });
    const from = cluster.addressOf('one', family);
    expect(await web.askOften(10, 'one', web.clusterIP, { from })).toMatchObject({
      byPod: { a1: 5, b1: 5 },
      byClient: { [from]: 10 },
    });
  });
});

it.each(['direct', 'tunnel'])('the demo of %s forwarding observes all that it tells', (forwarding) => {
  const flags = ['--proxy-mode', 'ipvs', '--forwarding', forwarding];
  const { status, stderr } = spawnSync(MENWEI, ['lab', 'demo', ...flags], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
