/** NodePorts: on which addresses they answer. */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { describe, expect, it } from 'vitest';
import { MODES } from '../modes.ts';
import { aTestbed, expectedIn, HOSTS, type Host, portOf, type Sender } from '../testbed.ts';

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

describe.each(MODES)('a NodePort answers on the addresses it is meant for, %s', (mode) => {
  it.each(ROWS)(
    '$family, localhost $localhostNodePorts, addresses $addresses: $open',
    ({ family, localhostNodePorts, addresses, open }) => {
      const { send } = aTestbed(mode, family, {
        ports: [portOf(family, { nodePort: 30080, endpoints: ['here', 'elsewhere'] })],
        node: { nodePortAddresses: nodePortsOf(family, addresses) },
        options: { localhostNodePorts },
      });
      // In nftables mode no NodePort answers on localhost, whatever the settings say.
      const isOpen = (host: Host) => open.includes(host) && !(mode === 'nftables' && host === 'localhost');
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
    const { send } = aTestbed(mode, family, { ports });
    expect(send('client', 'otherNode:30080')).toBe('untouched');
    const noSuchPort = expectedIn(mode, { iptables: 'untouched', nftables: 'REJECT' });
    expect(send('client', 'clusterIP:30080')).toBe(noSuchPort);
    expect(send('client', 'node:80')).toBe('untouched');
    expect(send('client', 'node:30080/UDP')).toBe('untouched');
  });

  it.each(IP_FAMILIES)('and nowhere else is it refused or dropped, in %s, but as upstream does', (family) => {
    const node = { nodePortAddresses: [HOSTS[family].node] };
    const refused = aTestbed(mode, family, { ports: [portOf(family, { nodePort: 30080 })], node });
    // Upstream's iptables refuses and drops on all of the node's addresses.
    const elsewhere = (verdict: string) => expectedIn(mode, { iptables: verdict, nftables: 'untouched' });
    expect(refused.send('client', 'node:30080')).toBe('REJECT');
    expect(refused.send('client', 'node2:30080')).toBe(elsewhere('REJECT'));
    const local = { nodePort: 30080, externalPolicyLocal: true, endpoints: ['elsewhere'] } as const;
    const dropped = aTestbed(mode, family, { ports: [portOf(family, local)], node });
    expect(dropped.send('client', 'node:30080')).toBe('DROP');
    expect(dropped.send('client', 'node2:30080')).toBe(elsewhere('DROP'));
  });
});

describe.each(MODES)(
  'the address of a Service comes before a NodePort on the same address and port, %s',
  (mode) => {
    it.each(IP_FAMILIES)('%s', (family) => {
      const external = { name: 'a', externalIPs: [HOSTS[family].node], port: 30080 };
      const ports = [
        portOf(family, { ...external, endpoints: ['here'] }),
        portOf(family, { name: 'b', nodePort: 30080, endpoints: ['unready', 'elsewhere'] }),
      ];
      const { send } = aTestbed(mode, family, { ports });
      expect([send('client', 'node:30080'), send('client', 'node2:30080')]).toEqual(['1*', '2*']);
    });
  },
);
