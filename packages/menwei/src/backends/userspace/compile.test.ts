/** Which listeners a service port has, and where they lead. What its rules do stands in test/parity and test/tracer. */

import {
  aHealthCheck,
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BALANCING } from '../../kubernetes/objects.ts';
import type { NodeView } from '../../services/node-view.ts';
import { compile } from './compile.ts';
import { NODE_PORT_CONTAINER } from './names.ts';
import type { UserspaceOptions } from './options.ts';
import { UserspaceRules } from './rules.ts';

const OPTIONS: UserspaceOptions = {
  family: 'IPv4',
  localhostNodePorts: true,
  answeredVIPs: 'pools',
  portRange: { first: 40_000, last: 40_999 },
  listenIP: undefined,
};
const NODE = aNodeView({ ip: '192.168.0.2' });

const here = anEndpoint({ ip: '10.0.0.1', isLocal: true });
const elsewhere = anEndpoint({ ip: '10.0.0.2' });
const leaving = anEndpoint({ ip: '10.0.0.3', isLocal: true, ready: false, terminating: true });
const unready = anEndpoint({ ip: '10.0.0.4', ready: false, serving: false });
const published = anEndpoint({ ip: '10.0.0.5', serving: false });

/** `cluster 1 2 | local 1`: listeners with the last parts of their endpoints' addresses. */
function listenersOf(fields: ServicePortFields, node = NODE): string {
  const { listeners } = compile(aServicePort(fields), node, OPTIONS);
  return listeners
    .map(({ name, endpoints }) => [name, ...endpoints.map(({ ip }) => ip.split('.').at(-1))].join(' '))
    .join(' | ');
}

it('has connections to endpoints that are down stay or be reset, and UDP flows end', () => {
  const becomes = (protocol: 'TCP' | 'UDP', onDown: 'drain' | 'reset') => {
    const health = { check: aHealthCheck({ onDown }), down: [elsewhere.text] };
    const port = aServicePort({ protocol, endpoints: [here, elsewhere], health });
    const { usable, reset } = compile(port, NODE, OPTIONS);
    return { usable, reset };
  };
  expect(becomes('TCP', 'drain')).toEqual({ usable: [here.text, elsewhere.text] });
  expect(becomes('TCP', 'reset')).toEqual({ usable: [here.text], reset: [elsewhere.text] });
  expect(becomes('UDP', 'drain')).toEqual({ usable: [here.text] });
});

describe('listeners', () => {
  const both = { endpoints: [here, elsewhere] };
  const local = { externalPolicyLocal: true };

  it.each<[string, ServicePortFields, string]>([
    ['one for a cluster IP', both, 'cluster 1 2'],
    ['one for all ways in', { ...both, nodePort: 30_080, externalIPs: ['1.2.3.4'] }, 'cluster 1 2'],
    ['one if no way in is external', { ...both, ...local }, 'cluster 1 2'],
    ['two where policies differ', { ...both, ...local, nodePort: 30_080 }, 'cluster 1 2 | local 1'],
    [
      'two, of which the node itself uses one',
      { ...both, ...local, clusterIP: undefined, nodePort: 30_080 },
      'cluster 1 2 | local 1',
    ],
    ['one for the node alone', { endpoints: [elsewhere], ...local, nodePort: 30_080 }, 'cluster 2'],
    ['one that stays on the node', { ...both, internalPolicyLocal: true }, 'local 1'],
    ['one if both would lead to the same', { endpoints: [here], ...local, nodePort: 30_080 }, 'cluster 1'],
    ['none without endpoints', { nodePort: 30_080 }, ''],
    ['none without endpoints here', { endpoints: [elsewhere], internalPolicyLocal: true }, ''],
    ['none without a way in', { ...both, clusterIP: undefined }, ''],
    ['one for the last that serve', { endpoints: [leaving, unready] }, 'cluster 3'],
    ['ready ones alone, as long as there are any', { endpoints: [here, leaving, unready] }, 'cluster 1'],
  ])('%s', (_name, fields, expected) => {
    expect(listenersOf(fields)).toBe(expected);
  });

  it('are none for NodePorts that no address takes', () => {
    const fields = { ...both, clusterIP: undefined, nodePort: 30_080 };
    expect(listenersOf(fields, { ...NODE, nodePortAddresses: [] })).toBe('');
  });

  it.each([
    ['TCP', undefined, NODE.ip, '0.0.0.0'],
    ['UDP', undefined, NODE.ip, '192.168.0.2'],
    ['UDP', undefined, undefined, '0.0.0.0'],
    ['TCP', '192.168.0.9', NODE.ip, '192.168.0.9'],
    ['UDP', '192.168.0.9', NODE.ip, '192.168.0.9'],
  ] as const)('of %s, told %s, on node %s: on %s', (protocol, listenIP, ip, expected) => {
    const port = aServicePort({ ...both, protocol });
    const { listeners } = compile(port, { ...NODE, ip }, { ...OPTIONS, listenIP });
    expect(listeners.map((listener) => listener.ip)).toEqual([expected]);
  });
});

it('lets connections stay with all that serve, whatever policies say', () => {
  const endpoints = [here, elsewhere, leaving, unready, published];
  const { usable } = compile(aServicePort({ endpoints, internalPolicyLocal: true }), NODE, OPTIONS);
  expect(usable).toEqual([here, elsewhere, leaving, published].map(({ text }) => text));
});

it.each([
  [0, 0],
  [60, 60_000],
  [10_800, 10_800_000],
])('remembers clients for %i s, whenever the Service came or changed', (sessionAffinitySeconds, expected) => {
  const port = aServicePort({ endpoints: [here], sessionAffinitySeconds });
  expect(compile(port, NODE, OPTIONS).affinityMs).toBe(expected);
});

it('endpoints have turns by their weights, and by how far they are in slow start', () => {
  const turnsOf = (fields: ServicePortFields) =>
    compile(aServicePort(fields), NODE, OPTIONS).listeners.flatMap(({ endpoints }) =>
      endpoints.map(({ turns }) => turns),
    );
  const [light, heavy] = [
    { ...here, weight: 20 },
    { ...elsewhere, weight: 50 },
  ];
  expect(turnsOf({ endpoints: [here, elsewhere] })).toEqual([undefined, undefined]);
  expect(turnsOf({ endpoints: [light, heavy] })).toEqual([2, 5]);
  const balancing = { ...DEFAULT_BALANCING, slowStartMs: 10_000 };
  expect(turnsOf({ balancing, endpoints: [here, { ...elsewhere, slowStartStep: 3 }] })).toEqual([17, 3]);
});

describe('pods that come to a NodePort and keep to local endpoints otherwise', () => {
  const fields = {
    endpoints: [here, elsewhere],
    externalPolicyLocal: true,
    nodePort: 30_080,
    clusterIP: undefined,
  };
  const waysOf = (node: Partial<NodeView>) =>
    compile(aServicePort(fields), aNodeView({ ip: '192.168.0.2', ...node }), OPTIONS)
      .portalRules.filter(({ chain }) => chain === NODE_PORT_CONTAINER)
      .map(({ rule, listener, does }) => {
        const lead = does === 'redirect' || does === 'accept' ? does : does.dnat;
        return `${rule.source ?? rule.inInterface ?? 'anybody'} ${listener} ${lead}`;
      });
  const cluster = { by: 'cidr', cidr: '10.0.0.0/16' } as const;

  it.each<[string, Partial<NodeView>, string[]]>([
    ['of the cluster', { detectLocal: cluster }, ['10.0.0.0/16 cluster 192.168.0.2']],
    [
      'of the node, where that is known',
      { detectLocal: cluster, podCIDR: '10.0.7.0/24' },
      ['10.0.7.0/24 cluster 192.168.0.2', '10.0.0.0/16 local 192.168.0.2'],
    ],
    [
      'of the cluster, if the node says it has others',
      { detectLocal: cluster, podCIDR: '10.9.7.0/24' },
      ['10.0.0.0/16 cluster 192.168.0.2'],
    ],
    [
      'of the only node',
      { detectLocal: cluster, podCIDR: '10.0.0.0/16' },
      ['10.0.0.0/16 cluster 192.168.0.2'],
    ],
    [
      'behind an interface',
      { detectLocal: { by: 'prefix', prefix: 'veth' }, podCIDR: '10.0.7.0/24' },
      ['veth+ cluster 192.168.0.2'],
    ],
    ['nobody knows', { podCIDR: '10.0.7.0/24' }, []],
  ])('are those %s', (_, node, expected) => {
    expect(waysOf(node)).toEqual([...expected, 'anybody local redirect']);
  });
});

it('can’t forward SCTP', () => {
  const port = aServicePort({ endpoints: [here], protocol: 'SCTP' });
  const rules = new UserspaceRules(OPTIONS);
  expect(rules.unsupported(port)).toMatch(/^SCTP is not supported /);
  expect(rules.unsupported(aServicePort({ protocol: 'UDP' }))).toBeUndefined();
  expect(() => rules.compile(port, NODE)).toThrow(/^BUG: /);
});
