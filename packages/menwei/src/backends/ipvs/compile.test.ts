import { formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import {
  endpoints,
  GONE,
  HERE,
  IDLE,
  joinedBy,
  LEAVING,
  membersOf,
  NODE,
  OPTIONS,
  reachesOf,
  UNREADY,
  unitOf,
} from '@menwei/testing/backends/ipvs/testing.ts';
import {
  aNodeView,
  anEndpoint,
  aServicePort,
  type ServicePortFields,
} from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { NodeView } from '../../services/node-view.ts';
import { compile } from './compile.ts';

const CLUSTER_IP = '172.30.0.1';
const EXTERNAL = { externalIPs: ['198.51.100.1'], nodePort: 30080 } as const;

describe('destinations of a cluster IP', () => {
  it.each<[string, Partial<ServicePortFields>, readonly string[]]>([
    ['all that are ready', { endpoints: endpoints({}, HERE, {}) }, ['172.30.0.1:80 → 1 2 3']],
    ['not those that are not', { endpoints: endpoints({}, UNREADY) }, ['172.30.0.1:80 → 1']],
    ['none', { endpoints: [] }, ['172.30.0.1:80 →']],
    ['none that is ready', { endpoints: endpoints(UNREADY, GONE) }, ['172.30.0.1:80 →']],
    [
      'those that serve to their end, without others',
      { endpoints: endpoints(LEAVING, GONE) },
      ['172.30.0.1:80 → 1'],
    ],
    ['those that end linger', { endpoints: endpoints({}, LEAVING, GONE) }, ['172.30.0.1:80 → 1 ~ 2']],
    ['those of weight 0 linger', { endpoints: endpoints({}, IDLE) }, ['172.30.0.1:80 → 1 ~ 2']],
    ['all of weight 0', { endpoints: endpoints(IDLE) }, ['172.30.0.1:80 →  ~ 1']],
    [
      'iTP Local: those of this node',
      { internalPolicyLocal: true, endpoints: endpoints({}, HERE, {}) },
      ['172.30.0.1:80 → 2'],
    ],
    ['iTP Local, none here: no server', { internalPolicyLocal: true, endpoints: endpoints({}, {}) }, []],
    ['iTP Local, none anywhere', { internalPolicyLocal: true, endpoints: [] }, ['172.30.0.1:80 →']],
    [
      'iTP Local: those here to their end',
      { internalPolicyLocal: true, endpoints: endpoints({}, { ...HERE, ...LEAVING }) },
      ['172.30.0.1:80 → 2'],
    ],
    ['another Service has the address', { clusterIP: undefined, endpoints: endpoints({}) }, []],
  ])('%s', (_title, fields, reaches) => {
    expect(reachesOf(unitOf(fields))).toEqual(reaches);
  });
});

describe('policies', () => {
  const here = endpoints({}, HERE);
  const elsewhere = endpoints({}, {});
  const internal = 'MENWEI-INTERNAL-NO-LOCAL';
  const external = 'MENWEI-EXTERNAL-NO-LOCAL';
  const everyExternal = ['198.51.100.1,tcp:80', '10.180.0.254,tcp:30080', '192.0.2.1,tcp:30080'];

  it.each<[string, Partial<ServicePortFields>, string, string, readonly string[], readonly string[]]>([
    ['Cluster', { endpoints: here }, '1 2', '1 2', [], []],
    ['Cluster, none', { endpoints: [] }, '', '', [], []],
    ['eTP Local', { externalPolicyLocal: true, endpoints: here }, '1 2', '2', [], []],
    [
      'eTP Local, none here',
      { externalPolicyLocal: true, endpoints: elsewhere },
      '1 2',
      '1 2',
      [],
      everyExternal,
    ],
    ['eTP Local, none', { externalPolicyLocal: true, endpoints: [] }, '', '', [], []],
    ['iTP Local', { internalPolicyLocal: true, endpoints: here }, '2', '1 2', [], []],
    [
      'iTP Local, none here',
      { internalPolicyLocal: true, endpoints: elsewhere },
      '-',
      '1 2',
      ['172.30.0.1,tcp:80'],
      [],
    ],
    ['iTP Local, none', { internalPolicyLocal: true, endpoints: [] }, '', '', [], []],
    [
      'both Local, none here',
      { internalPolicyLocal: true, externalPolicyLocal: true, endpoints: elsewhere },
      '-',
      '1 2',
      ['172.30.0.1,tcp:80'],
      everyExternal,
    ],
  ])('%s', (_title, fields, clusterReach, externalReach, internalMembers, externalMembers) => {
    const unit = unitOf({ ...EXTERNAL, ...fields });
    const clusterServer = clusterReach === '-' ? [] : [`172.30.0.1:80 → ${clusterReach}`.trimEnd()];
    const others = ['198.51.100.1:80', '10.180.0.254:30080', '192.0.2.1:30080'];
    expect(reachesOf(unit)).toEqual([
      ...clusterServer,
      ...others.map((frontend) => `${frontend} → ${externalReach}`.trimEnd()),
    ]);
    expect(membersOf(unit, internal)).toEqual(internalMembers);
    expect(membersOf(unit, external)).toEqual(externalMembers);
    expect(unit.addresses).toEqual([CLUSTER_IP, '198.51.100.1']);
  });
});

describe('addresses of a Service that it names twice or that are the node’s', () => {
  it('has one virtual server for an external IP that is its load balancer’s', () => {
    const unit = unitOf({
      externalIPs: ['198.51.100.1'],
      loadBalancerVIPs: ['198.51.100.1'],
      endpoints: endpoints({}),
    });
    expect(reachesOf(unit)).toEqual(['172.30.0.1:80 → 1', '198.51.100.1:80 → 1']);
    expect(unit.addresses).toEqual([CLUSTER_IP, '198.51.100.1']);
  });

  it('follows the internal policy for an external IP that is its cluster IP', () => {
    const fields = { externalIPs: [CLUSTER_IP], loadBalancerVIPs: [CLUSTER_IP], externalPolicyLocal: true };
    const unit = unitOf({ ...fields, endpoints: endpoints({}, {}) });
    expect(reachesOf(unit)).toEqual(['172.30.0.1:80 → 1 2']);
    expect(joinedBy(unit)).toEqual(['CLUSTER-IP 172.30.0.1,tcp:80']);
  });

  it('puts no address on the interface that another one has', () => {
    const unit = unitOf({ externalIPs: ['192.0.2.1'], endpoints: endpoints({}) });
    expect(unit.addresses).toEqual([CLUSTER_IP]);
    expect(reachesOf(unit)).toEqual(['172.30.0.1:80 → 1', '192.0.2.1:80 → 1']);
  });
});

describe('addresses that take NodePorts', () => {
  const fields = { clusterIP: undefined, nodePort: 30080, healthCheckNodePort: 31000 };

  it.each<[string, Partial<NodeView>, readonly string[]]>([
    ['all of the node', {}, ['10.180.0.254:30080 →', '192.0.2.1:30080 →']],
    ['those named', { nodePortAddresses: ['192.0.2.1'] }, ['192.0.2.1:30080 →']],
    ['never loopback', { nodePortAddresses: ['127.0.0.1', '192.0.2.1'] }, ['192.0.2.1:30080 →']],
    ['none', { nodePortAddresses: [] }, []],
    ['none known', { localAddresses: [] }, []],
  ])('%s', (_title, node, reaches) => {
    const unit = unitOf(fields, { ...NODE, ...node });
    expect(reachesOf(unit)).toEqual(reaches);
    expect(unit.addresses).toEqual([]);
    expect(membersOf(unit, 'KUBE-NODE-PORT-TCP')).toEqual(reaches.length === 0 ? [] : ['30080']);
    expect(membersOf(unit, 'KUBE-HEALTH-CHECK-NODE-PORT')).toEqual(['31000']);
  });
});

it.each<[IpFamily, string, string]>([
  ['IPv4', '172.30.0.1', '10.0.0.1'],
  ['IPv6', 'fd00:30::1', 'fd00:10::1'],
])('says whose a virtual server is, %s', (family, clusterIP, ip) => {
  const port = aServicePort({ clusterIP, endpoints: [anEndpoint({ ip, port: 80 })] });
  const { servers } = compile(port, aNodeView({ family }), { ...OPTIONS, family });
  expect(servers).toEqual([
    {
      server: {
        frontend: { family, protocol: 'TCP', ip: clusterIP, port: 80 },
        scheduler: 'rr',
        flags: 0,
        timeoutSeconds: 0,
      },
      destinations: new Map([
        [formatHostPort(ip, 80), { ip, port: 80, weight: 1, forwarding: 'masquerade' }],
      ]),
      lingering: new Set(),
      servicePort: port.key,
    },
  ]);
});
