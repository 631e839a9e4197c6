/** ClusterIPs, and the addresses beside them. */

import { parseCidr } from '@menwei/addresses/ip.ts';
import { anEndpoint } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { MODES_AND_FAMILIES } from '../modes.ts';
import {
  aTestbed,
  type Condition,
  type Expected,
  endpointsOf,
  expectedIn,
  HOSTS,
  portOf,
  type Sender,
} from '../testbed.ts';

/** nftables knows the addresses of all Services, and refuses what they have no port for. */
const NO_SUCH_PORT: Expected = { iptables: 'untouched', nftables: 'REJECT' };

describe.each(MODES_AND_FAMILIES)('a ClusterIP, %s, %s', (mode, family) => {
  it('leads to all endpoints with equal chances', () => {
    for (const count of [1, 2, 3, 9]) {
      const ports = [portOf(family, { endpoints: Array<Condition>(count).fill('elsewhere') })];
      const ways = aTestbed(mode, family, { ports }).ways('pod', 'clusterIP:80');
      expect(ways.map(({ endpoint }) => endpoint)).toEqual(ports[0]?.endpoints.map(({ text }) => text));
      for (const { chance } of ways) expect(chance).toBeCloseTo(1 / count, 9);
    }
  });

  it('leads to no endpoint that is not ready', () => {
    const ports = [portOf(family, { endpoints: ['elsewhere', 'unready', 'here'] })];
    expect(aTestbed(mode, family, { ports }).send('pod', 'clusterIP:80')).toBe('1 3');
  });

  it.each<[Sender, string, Expected]>([
    ['pod', 'clusterIP:53', '1:5353'],
    ['pod', 'clusterIP:53/UDP', '1:5454'],
    ['pod', 'clusterIP:53/SCTP', '1:5555'],
    ['pod', 'clusterIP:5353', NO_SUCH_PORT],
    ['pod', 'clusterIP:54/UDP', NO_SUCH_PORT],
    ['pod', 'externalIP:53', 'untouched'],
    ['pod', 'node:53', 'untouched'],
  ])('keeps protocols apart that share a port number: from %s to %s: %j', (from, to, expected) => {
    const [endpoint] = endpointsOf(family, ['here']);
    const portWith = (protocol: 'TCP' | 'UDP' | 'SCTP', port: number) => {
      const endpoints = [anEndpoint({ ...endpoint, port })];
      return { ...portOf(family, { protocol, portName: protocol.toLowerCase(), port: 53 }), endpoints };
    };
    const ports = [portWith('TCP', 5353), portWith('UDP', 5454), portWith('SCTP', 5555)];
    expect(aTestbed(mode, family, { ports }).send(from, to)).toBe(expectedIn(mode, expected));
  });
});

describe.each(MODES_AND_FAMILIES)('other ports of a ClusterIP, %s, %s', (mode, family) => {
  const { clusterIP, node } = HOSTS[family];
  const ports = [portOf(family, { endpoints: ['here'] })];

  it.each<[Sender, string]>([
    ['pod', 'clusterIP:81'],
    ['node', 'clusterIP:81'],
    ['client', 'clusterIP:80/UDP'],
  ])('from %s to %s', (from, to) => {
    expect(aTestbed(mode, family, { ports }).send(from, to)).toBe(expectedIn(mode, NO_SUCH_PORT));
  });

  it('are left alone where the node has the address itself: nothing is refused that is for the node', () => {
    const { send } = aTestbed(mode, family, { ports, addresses: [node, clusterIP] });
    expect(send('client', 'clusterIP:81')).toMatch(/^untouched/);
  });
});

describe.each(MODES_AND_FAMILIES)('addresses that no Service has, %s, %s', (mode, family) => {
  /** nftables knows where the addresses of Services come from, and drops what nobody can answer. */
  const noSuchService: Expected = { iptables: 'untouched', nftables: 'DROP' };
  const { vip, externalIP, clusterIP } = HOSTS[family];
  const range = (ip: string) => parseCidr(`${ip}/${family === 'IPv4' ? 24 : 112}`)?.text ?? '';

  it.each<[readonly string[], Sender, string, Expected]>([
    [[range(vip)], 'pod', 'vip:80', noSuchService],
    [[range(vip)], 'node', 'vip2:80/UDP', noSuchService],
    [[range(vip)], 'client', 'vip:443', noSuchService],
    [[range(vip)], 'pod', 'externalIP:80', 'untouched'],
    [[range(vip), range(externalIP)], 'pod', 'externalIP:80', noSuchService],
    [[], 'pod', 'vip:80', 'untouched'],
    // Addresses of Services come first, whether they are of use or not.
    [[range(clusterIP)], 'pod', 'clusterIP:80', '1'],
    [[range(clusterIP)], 'pod', 'clusterIP:81', NO_SUCH_PORT],
    // The node's own addresses are the node's.
    [[range(externalIP)], 'client', 'node2:80', 'untouched'],
  ])('ServiceCIDRs %j, from %s to %s: %j', (serviceCIDRs, from, to, expected) => {
    const ports = [portOf(family, { endpoints: ['here'] })];
    const { send } = aTestbed(mode, family, { ports, node: { serviceCIDRs } });
    expect(send(from, to)).toBe(expectedIn(mode, expected));
  });
});
