import { type IpFamily, parseCidr } from '@menwei/addresses/ip.ts';
import { describe, expect, it } from 'vitest';
import { nodeIPs, nodePortAddresses } from './node-addresses.ts';

describe('nodeIPs', () => {
  it.each<[string, string[], IpFamily, string, string]>([
    ['0.0.0.0', [], 'IPv4', '127.0.0.1', '::1'],
    ['::', [], 'IPv6', '127.0.0.1', '::1'],
    ['0.0.0.0', ['192.168.1.1'], 'IPv4', '192.168.1.1', '::1'],
    ['0.0.0.0', ['fd00:1::5'], 'IPv6', '127.0.0.1', 'fd00:1::5'],
    ['0.0.0.0', ['192.168.1.1', '192.168.1.2', 'fd00:1::5'], 'IPv4', '192.168.1.1', 'fd00:1::5'],
    ['::', ['fd00:1::5', '192.168.1.1'], 'IPv6', '192.168.1.1', 'fd00:1::5'],
    ['192.168.9.9', ['fd00:1::5', '192.168.1.1'], 'IPv4', '192.168.9.9', 'fd00:1::5'],
    ['fd00:2::2', ['192.168.1.1'], 'IPv6', '192.168.1.1', 'fd00:2::2'],
  ])('bind %s, node %j', (bindAddress, addresses, primaryFamily, IPv4, IPv6) => {
    const settings = { bindAddress, nodeIPs: [] };
    expect(nodeIPs(settings, addresses)).toMatchObject({ primaryFamily, byFamily: { IPv4, IPv6 } });
  });

  const machine = [
    { ip: '198.51.100.7', source: 'default route' },
    { ip: 'fd00:9::7', source: 'interface address' },
  ];

  it.each<[string, string[], string[], IpFamily, string]>([
    ['0.0.0.0', [], [], 'IPv4', '198.51.100.7 default route, fd00:9::7 interface address'],
    ['::', [], [], 'IPv6', '198.51.100.7 default route, fd00:9::7 interface address'],
    ['192.168.9.9', [], [], 'IPv4', '192.168.9.9 bindAddress, fd00:9::7 interface address'],
    ['fd00:2::2', [], [], 'IPv6', '198.51.100.7 default route, fd00:2::2 bindAddress'],
    // What is said counts, also where it says less.
    ['0.0.0.0', [], ['192.168.1.1'], 'IPv4', '192.168.1.1 Node object, ::1 undefined'],
    ['0.0.0.0', ['10.0.0.1'], [], 'IPv4', '10.0.0.1 --node-ip, ::1 undefined'],
    ['0.0.0.0', ['10.0.0.1'], ['192.168.1.1', 'fd00::1'], 'IPv4', '10.0.0.1 --node-ip, fd00::1 Node object'],
    ['192.168.9.9', ['fd00::2', '10.0.0.1'], ['fd00::1'], 'IPv6', '10.0.0.1 --node-ip, fd00::2 --node-ip'],
  ])('bind %s, --node-ip %j, node %j', (bindAddress, given, addresses, primaryFamily, expected) => {
    const ips = nodeIPs({ bindAddress, nodeIPs: given }, addresses, machine);
    const { byFamily, sources } = ips;
    expect(ips.primaryFamily).toBe(primaryFamily);
    expect(`${byFamily.IPv4} ${sources.IPv4}, ${byFamily.IPv6} ${sources.IPv6}`).toBe(expected);
  });
});

describe('nodePortAddresses', () => {
  const NODE = nodeIPs({ bindAddress: '0.0.0.0', nodeIPs: [] }, ['192.168.1.1']);
  const INTERFACES = ['127.0.0.1', '192.168.1.1', '192.168.1.1', '10.0.0.5', '::1', 'fd00:1::5'];

  it.each<['primary' | string[], IpFamily, 'all' | string[]]>([
    [[], 'IPv4', 'all'],
    [['0.0.0.0/0'], 'IPv4', 'all'],
    [['10.0.0.0/8', '0.0.0.0/0'], 'IPv4', 'all'],
    [['192.168.0.0/16', '10.0.0.0/8'], 'IPv4', ['10.0.0.5', '192.168.1.1']],
    [['192.168.0.0/16'], 'IPv6', 'all'],
    [['fd00::/8'], 'IPv6', ['fd00:1::5']],
    [['127.0.0.0/8'], 'IPv4', ['127.0.0.1']],
    [['172.16.0.0/12'], 'IPv4', []],
    ['primary', 'IPv4', ['192.168.1.1']],
    // The node has no known IPv6 address (KQ-13).
    ['primary', 'IPv6', 'all'],
  ])('%j %s', (setting, family, expected) => {
    const cidrs = setting === 'primary' ? setting : setting.flatMap((text) => parseCidr(text) ?? []);
    expect(nodePortAddresses({ nodePortAddresses: cidrs }, family, NODE, INTERFACES)).toEqual(expected);
  });
});
