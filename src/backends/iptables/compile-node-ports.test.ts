/** NodePorts: on which addresses they answer, with localhost as a case of its own, and ports for health checks. */
import { describe, expect, it } from 'vitest';
import { aTestbed, HOSTS, type Host, optionsOf, portOf, type Sender } from '../../../test/tracer/testbed.ts';
import { IP_FAMILIES, type IpFamily } from '../../addresses/ip.ts';
import { aNodeView } from '../../services/testing.ts';
import { compile } from './compile.ts';
import {
  INVALID_DROPPED_ACCOUNTING,
  type IptablesOptions,
  LOCALHOST_NODE_PORTS_ACCOUNTING,
} from './options.ts';

type Addresses = 'all' | readonly Host[];

interface Row {
  readonly family: IpFamily;
  readonly localhostNodePorts: boolean;
  readonly addresses: Addresses;
  /** Those of the node's addresses that take NodePort traffic. */
  readonly open: readonly Host[];
}

const ROWS: readonly Row[] = [
  { family: 'IPv4', localhostNodePorts: true, addresses: 'all', open: ['node', 'node2', 'localhost'] },
  { family: 'IPv4', localhostNodePorts: false, addresses: 'all', open: ['node', 'node2'] },
  { family: 'IPv4', localhostNodePorts: false, addresses: ['node2'], open: ['node2'] },
  { family: 'IPv4', localhostNodePorts: false, addresses: ['localhost', 'node'], open: ['node'] },
  { family: 'IPv4', localhostNodePorts: true, addresses: ['localhost', 'node'], open: ['node', 'localhost'] },
  { family: 'IPv4', localhostNodePorts: true, addresses: ['localhost'], open: ['localhost'] },
  { family: 'IPv4', localhostNodePorts: false, addresses: ['localhost'], open: [] },
  { family: 'IPv4', localhostNodePorts: false, addresses: [], open: [] },
  { family: 'IPv6', localhostNodePorts: false, addresses: 'all', open: ['node', 'node2'] },
  { family: 'IPv6', localhostNodePorts: false, addresses: ['node2'], open: ['node2'] },
  { family: 'IPv6', localhostNodePorts: false, addresses: ['localhost', 'node'], open: ['node'] },
];

function nodePortsOf(family: IpFamily, addresses: Addresses): 'all' | readonly string[] {
  return addresses === 'all' ? 'all' : addresses.map((host) => HOSTS[family][host]);
}

describe('a NodePort answers on the addresses it is meant for', () => {
  it.each(ROWS)(
    '$family, localhost $localhostNodePorts, addresses $addresses: $open',
    ({ family, localhostNodePorts, addresses, open }) => {
      const { send } = aTestbed(family, {
        ports: [portOf(family, { nodePort: 30080, endpoints: ['here', 'elsewhere'] })],
        node: { nodePortAddresses: nodePortsOf(family, addresses) },
        options: { localhostNodePorts },
      });
      const isOpen = (host: Host) => open.includes(host);
      const from = (sender: Sender, ...hosts: Host[]) => hosts.map((host) => send(sender, `${host}:30080`));
      const expected = (...hosts: Host[]) => hosts.map((host) => (isOpen(host) ? '1* 2*' : 'untouched'));
      expect(from('client', 'node', 'node2')).toEqual(expected('node', 'node2'));
      expect(from('pod', 'node', 'node2')).toEqual(expected('node', 'node2'));
      expect(from('node', 'node', 'node2')).toEqual(expected('node', 'node2'));
      expect(from('localhost', 'localhost')).toEqual(expected('localhost'));
    },
  );

  it.each(IP_FAMILIES)('and nowhere else, in %s', (family) => {
    const ports = [portOf(family, { nodePort: 30080, endpoints: ['here'] })];
    const { send } = aTestbed(family, { ports });
    expect(send('client', 'otherNode:30080')).toBe('untouched');
    expect(send('client', 'clusterIP:30080')).toBe('untouched');
    expect(send('client', 'node:80')).toBe('untouched');
    expect(send('client', 'node:30080/UDP')).toBe('untouched');
  });

  it.each(IP_FAMILIES)('but refuses on all local ones, in %s, as upstream does', (family) => {
    const { send } = aTestbed(family, {
      ports: [portOf(family, { nodePort: 30080 })],
      node: { nodePortAddresses: [HOSTS[family].node] },
    });
    expect([send('client', 'node:30080'), send('client', 'node2:30080')]).toEqual(['REJECT', 'REJECT']);
  });
});

describe('the address of a Service comes before a NodePort on the same address and port', () => {
  it.each(IP_FAMILIES)('%s', (family) => {
    const external = { name: 'a', externalIPs: [HOSTS[family].node], port: 30080 };
    const ports = [
      portOf(family, { ...external, endpoints: ['here'] }),
      portOf(family, { name: 'b', nodePort: 30080, endpoints: ['unready', 'elsewhere'] }),
    ];
    const { send } = aTestbed(family, { ports });
    expect([send('client', 'node:30080'), send('client', 'node2:30080')]).toEqual(['1*', '2*']);
  });
});

describe('localhost', () => {
  const port = portOf('IPv4', { nodePort: 30080, endpoints: ['here'] });

  it('is closed to others when it takes NodePorts, for the kernel no longer sees to that', () => {
    const { send } = aTestbed('IPv4', { ports: [port], options: { localhostNodePorts: true } });
    expect([send('client', 'localhost:10256'), send('pod', 'localhost:10256')]).toEqual(['DROP', 'DROP']);
    expect(send('localhost', 'localhost:10256')).toBe('untouched');
  });

  it('is none of our business otherwise', () => {
    const { send } = aTestbed('IPv4', { ports: [port], options: { localhostNodePorts: false } });
    expect(send('client', 'localhost:10256')).toBe('untouched');
  });

  it.each<[boolean, IptablesOptions['accounting'], 'counted' | 'not counted']>([
    [true, [LOCALHOST_NODE_PORTS_ACCOUNTING], 'counted'],
    [true, [INVALID_DROPPED_ACCOUNTING], 'not counted'],
    [true, [], 'not counted'],
    [false, [LOCALHOST_NODE_PORTS_ACCOUNTING], 'not counted'],
  ])(
    'localhostNodePorts %s, accounting %j: connections are %s',
    (localhostNodePorts, accounting, expected) => {
      const fields = { localhostNodePorts, accounting };
      const { sharedRules } = compile(port, aNodeView(), optionsOf('IPv4', fields));
      const rules = sharedRules.filter(({ chain }) => chain === 'nat KUBE-NODEPORTS').map(({ rule }) => rule);
      const dispatch = /^-m comment --comment ns\/web -m tcp -p tcp --dport 30080 -j KUBE-EXT-\w+$/;
      const count =
        /^-m comment --comment ns\/web -m tcp -p tcp -d 127.0.0.0\/8 --dport 30080 -m nfacct --nfacct-name localhost_nps_accepted_pkts -j KUBE-EXT-\w+$/;
      expect(rules).toEqual(
        (expected === 'counted' ? [count, dispatch] : [dispatch]).map((rule) => expect.stringMatching(rule)),
      );
    },
  );
});

describe.each(IP_FAMILIES)('a NodePort for health checks in %s', (family) => {
  const accepts = (healthCheckNodePort: number, protocol: 'TCP' | 'UDP', to: string) => {
    const port = portOf(family, {
      protocol,
      healthCheckNodePort,
      nodePort: 30080,
      externalPolicyLocal: true,
    });
    const [way] = aTestbed(family, { ports: [port] }).ways('client', to);
    return way?.end === 'sent' && way.steps.at(-1)?.startsWith('filter KUBE-NODEPORTS: ');
  };

  it.each([
    ['is open, even without endpoints', 30099, 'TCP', 'node:30099', true],
    ['is a TCP port, whatever the Service is', 30099, 'UDP', 'node:30099', true],
    ['is open for TCP alone', 30099, 'UDP', 'node:30099/UDP', false],
    ['is gone with its Service', 0, 'TCP', 'node:30099', false],
    ['does not open others', 30099, 'TCP', 'node:30098', false],
  ] as const)('%s', (_name, healthCheckNodePort, protocol, to, expected) => {
    expect(accepts(healthCheckNodePort, protocol, to)).toBe(expected);
  });
});
