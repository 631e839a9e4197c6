import { ControlledCluster } from '@menwei/testing/cluster/controlled-cluster.ts';
import { nodeFacts } from '@menwei/testing/cluster/planned-slices.ts';
import { afterEach, describe, expect, it } from 'vitest';
import type { NodeFacts } from './node-facts.ts';
import type { Endpoint } from './wanted-endpoints.ts';
import { zoneHints } from './zone-hints.ts';

function endpoints(...zones: readonly string[]): readonly Endpoint[] {
  return zones.map((zone, index) => ({
    addresses: [`10.0.0.${index}`],
    conditions: { ready: true },
    ...(zone === '' ? {} : { zone }),
  }));
}

const EQUAL = [nodeFacts('n1', 'a'), nodeFacts('n2', 'b')];
const hintsOf = (all: readonly Endpoint[]) =>
  all.map(({ hints }) => hints?.forZones?.map(({ name }) => name).join());

describe('hints in proportion to CPUs', () => {
  it.each<[string, readonly string[], readonly NodeFacts[], string]>([
    [
      'a Node without a zone',
      ['a', 'b'],
      [...EQUAL, nodeFacts('n3', '')],
      'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
    ],
    [
      'a Node without CPUs',
      ['a', 'b'],
      [...EQUAL, nodeFacts('n3', 'a', 0)],
      'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes',
    ],
    ['one zone', ['a', 'a'], [nodeFacts('n1', 'a')], 'Nodes only ready in one zone'],
    ['fewer endpoints than zones', ['a'], EQUAL, 'Insufficient number of endpoints (1 endpoints, 2 zones)'],
    [
      'too few endpoints to share them',
      ['a', 'b', 'b'],
      [nodeFacts('n1', 'a', 1000), nodeFacts('n2', 'b', 1000), nodeFacts('n3', 'c', 9000)],
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 3 zones)',
    ],
    [
      'an endpoint without a zone',
      ['a', 'b', 'a', ''],
      EQUAL,
      'One or more endpoints do not have a zone specified',
    ],
  ])('are off with %s', (_, zones, nodes, why) => {
    const { endpoints: all, disabled } = zoneHints(endpoints(...zones), nodes, 'IPv4');
    expect(disabled).toBe(`${why}, addressType: IPv4`);
    expect(hintsOf(all).every((hint) => hint === undefined)).toBe(true);
  });

  it('keep endpoints in their zone where that will do', () => {
    expect(hintsOf(zoneHints(endpoints('a', 'b', 'a', 'b'), EQUAL, 'IPv4').endpoints)).toEqual([
      'a',
      'b',
      'a',
      'b',
    ]);
  });

  it('lend endpoints to a zone that has too few, and stay as they are after that', () => {
    const { endpoints: first } = zoneHints(endpoints('a', 'a', 'a', 'a', 'a', 'b'), EQUAL, 'IPv4');
    expect(hintsOf(first).toSorted()).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
    expect(zoneHints(first, EQUAL, 'IPv4').endpoints).toEqual(first);
  });

  it('are not for endpoints that are not ready', () => {
    const [one, ...others] = endpoints('a', 'b', 'a');
    const { endpoints: all } = zoneHints(
      [{ ...one, conditions: { ready: false } }, ...others],
      EQUAL,
      'IPv4',
    );
    expect(hintsOf(all)).toEqual([undefined, 'b', 'a']);
  });

  it('do not count Nodes that are not ready', () => {
    const nodes = [...EQUAL, { ...nodeFacts('n3', ''), countsForHints: false }];
    expect(zoneHints(endpoints('a', 'b'), nodes, 'IPv4').disabled).toBeUndefined();
  });
});

describe('Events about hints', () => {
  let cluster: ControlledCluster;
  afterEach(() => cluster.stop());

  const AUTO = { 'service.kubernetes.io/topology-mode': 'Auto' };
  const reasons = () =>
    cluster.list('events').map(({ reason, message, count }) => `${reason} ${count} ${message}`);

  async function node(name: string, zone: string): Promise<void> {
    await cluster.create('nodes', {
      metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
      status: { allocatable: { cpu: '4' }, conditions: [{ type: 'Ready', status: 'True' }] },
    });
  }

  async function pod(name: string, nodeName: string): Promise<void> {
    await cluster.create('pods', {
      metadata: { name, namespace: 'default', labels: { app: 'x' } },
      spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
    });
    const ip = `10.0.0.${name.slice(1)}`;
    const conditions = [{ type: 'Ready', status: 'True' }];
    await cluster.change(
      'pods',
      `default/${name}`,
      () => ({ status: { podIP: ip, podIPs: [{ ip }], conditions } }),
      true,
    );
    await cluster.settled();
  }

  it('are told once, also over a restart', async () => {
    cluster = new ControlledCluster({ only: ['endpoint-controllers'] });
    await cluster.create('namespaces', { metadata: { name: 'default' } });
    await cluster.start();
    for (const [name, zone] of Object.entries({ n1: 'a', n2: 'b' })) await node(name, zone);
    await cluster.create('services', {
      metadata: { name: 's', namespace: 'default', annotations: AUTO },
      spec: { clusterIP: 'None', ipFamilies: ['IPv4'], selector: { app: 'x' }, ports: [{ port: 80 }] },
    });
    await cluster.settled();
    const few = (count: number) =>
      `TopologyAwareHintsDisabled 1 Insufficient number of endpoints (${count} endpoints, 2 zones), addressType: IPv4`;
    expect(reasons()).toEqual([few(0)]);
    await pod('p1', 'n1');
    await cluster.stop();
    await cluster.start();
    await cluster.settled();
    expect(reasons()).toEqual([few(0), few(1)]);
    await pod('p2', 'n2');
    const enabled = 'TopologyAwareHintsEnabled 1 Topology Aware Hints has been enabled, addressType: IPv4';
    expect(reasons()).toEqual([few(0), few(1), enabled]);
    await cluster.change('services', 'default/s', ({ metadata }) => ({
      metadata: { ...metadata, annotations: {} },
    }));
    await cluster.settled();
    const disabled = 'TopologyAwareHintsDisabled 1 Topology Aware Hints has been disabled, addressType: IPv4';
    expect(reasons()).toEqual([few(0), few(1), enabled, disabled]);
    const [slice] = cluster.list('endpointslices');
    expect(slice?.endpoints?.map(({ hints }) => hints)).toEqual([undefined, undefined]);
  });
});
