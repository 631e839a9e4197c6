import { type IpFamily, parseCidr } from '@menwei/addresses/ip.ts';
import { describe, expect, it } from 'vitest';
import { localDetector } from './local-detector.ts';
import type { DetectLocalMode } from './settings.ts';

const V4 = { by: 'cidr', cidr: '10.0.0.0/14' };
const V6 = { by: 'cidr', cidr: '2002:0:0:1234::/64' };
const NONE = { by: 'none' };
const BOTH = ['10.0.0.0/14', '2002:0:0:1234::/64'];

describe('localDetector', () => {
  it.each<[DetectLocalMode, string[], string[], IpFamily, object]>([
    ['ClusterCIDR', ['10.0.0.0/14'], [], 'IPv4', V4],
    ['ClusterCIDR', ['10.0.0.0/14'], [], 'IPv6', NONE],
    ['ClusterCIDR', BOTH, [], 'IPv4', V4],
    ['ClusterCIDR', BOTH, [], 'IPv6', V6],
    ['ClusterCIDR', [], ['10.0.0.0/14'], 'IPv4', NONE],
    ['NodeCIDR', [], ['10.0.0.0/14', '10.8.0.0/16'], 'IPv4', V4],
    ['NodeCIDR', [], BOTH, 'IPv6', V6],
    ['NodeCIDR', ['10.0.0.0/14'], [], 'IPv4', NONE],
    ['BridgeInterface', BOTH, BOTH, 'IPv4', { by: 'bridge', interface: 'br0' }],
    ['BridgeInterface', [], [], 'IPv6', { by: 'bridge', interface: 'br0' }],
    ['InterfaceNamePrefix', [], [], 'IPv4', { by: 'prefix', prefix: 'veth' }],
  ])('%s %j %j %s', (detectLocalMode, cluster, node, family, expected) => {
    const settings = {
      detectLocalMode,
      detectLocal: { bridgeInterface: 'br0', interfaceNamePrefix: 'veth' },
      clusterCIDRs: cluster.flatMap((text) => parseCidr(text) ?? []),
    };
    expect(localDetector(settings, family, node)).toEqual(expected);
  });

  it('takes a prefix that leaves no room for more for the name itself', () => {
    const of = (interfaceNamePrefix: string) =>
      localDetector(
        {
          detectLocalMode: 'InterfaceNamePrefix',
          detectLocal: { bridgeInterface: '', interfaceNamePrefix },
          clusterCIDRs: [],
        },
        'IPv4',
        [],
      );
    expect(of('veth0123456789')).toEqual({ by: 'prefix', prefix: 'veth0123456789' });
    expect(of('veth01234567890')).toEqual({ by: 'bridge', interface: 'veth01234567890' });
  });
});
