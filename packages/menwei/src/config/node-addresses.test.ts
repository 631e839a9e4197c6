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
    expect(nodeIPs({ bindAddress }, addresses)).toEqual({ primaryFamily, byFamily: { IPv4, IPv6 } });
  });
});

describe('nodePortAddresses', () => {
  const NODE = nodeIPs({ bindAddress: '0.0.0.0' }, ['192.168.1.1']);
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
