import type { IpFamily } from '@menwei/addresses/ip.ts';
import { settingsOf } from '@menwei/testing/config/testing.ts';
import { describe, expect, it } from 'vitest';
import { findInconsistencies } from './consistency.ts';

interface Facts {
  readonly primaryFamily: IpFamily;
  readonly served: readonly IpFamily[];
  readonly podCIDRs: readonly string[];
}

const DUAL: Facts = { primaryFamily: 'IPv4', served: ['IPv4', 'IPv6'], podCIDRs: [] };
const SINGLE: Facts = { ...DUAL, served: ['IPv4'] };
const ONLY_V6 = "the node's primary IP family is IPv4, but clusterCIDR has only IPv6";
const ALONE = 'only IPv4 is proxied, but clusterCIDR has only IPv6';
const PODS_V6 = "the node's primary IP family is IPv4, but the podCIDRs of the node are only IPv6";
const PODS_ALONE = 'only IPv4 is proxied, but the podCIDRs of the node are only IPv6';
const UNTOLD = "detectLocalMode is NodeCIDR, but no podCIDRs are known: pods of this node can't be told";
const ALL_V6 = 'nodePortAddresses has no IPv6 CIDR: NodePorts answer on all IPv6 addresses';
const ALL_V4 = 'nodePortAddresses has no IPv4 CIDR: NodePorts answer on all IPv4 addresses';
const fatal = (message: string) => `fatal: ${message}`;

describe('findInconsistencies', () => {
  it.each<[readonly string[], Partial<Facts>, readonly string[]]>([
    [[], DUAL, []],
    [['--cluster-cidr=10.0.0.0/8', '--nodeport-addresses=primary'], SINGLE, []],
    // clusterCIDR
    [['--cluster-cidr=fd00::/8'], DUAL, [ONLY_V6]],
    [['--cluster-cidr=fd00::/8'], SINGLE, [fatal(ALONE)]],
    [['--cluster-cidr=fd00::/8'], { ...SINGLE, primaryFamily: 'IPv6' }, [ALONE]],
    [['--cluster-cidr=10.0.0.0/8'], { ...SINGLE, primaryFamily: 'IPv6' }, []],
    [
      ['--cluster-cidr=fd00::/8', '--detect-local-mode=NodeCIDR'],
      { ...SINGLE, podCIDRs: ['10.0.0.0/24'] },
      [ALONE],
    ],
    [['--cluster-cidr=fd00::/8'], { ...SINGLE, primaryFamily: 'IPv6', served: ['IPv6'] }, []],
    [['--cluster-cidr=fd00::/8,10.0.0.0/8'], SINGLE, []],
    // podCIDRs
    [[], { ...DUAL, podCIDRs: ['fd00::/64'] }, [PODS_V6]],
    [['--detect-local-mode=NodeCIDR'], { ...DUAL, podCIDRs: ['fd00::/64'] }, [fatal(PODS_V6)]],
    [['--detect-local-mode=NodeCIDR'], { ...SINGLE, podCIDRs: ['fd00::/64'] }, [fatal(PODS_ALONE)]],
    [['--detect-local-mode=NodeCIDR'], { ...DUAL, podCIDRs: ['fd00::/64', '10.0.0.0/24'] }, []],
    [['--detect-local-mode=NodeCIDR'], DUAL, [UNTOLD]],
    // nodePortAddresses
    [['--nodeport-addresses=10.0.0.0/8'], DUAL, []],
    [['--nodeport-addresses=10.0.0.0/8', '--cluster-cidr=10.0.0.0/8,fd00::/8'], DUAL, [ALL_V6]],
    [['--nodeport-addresses=10.0.0.0/8', '--cluster-cidr=10.0.0.0/8,fd00::/8'], SINGLE, []],
    [['--nodeport-addresses=10.0.0.0/8'], { ...DUAL, podCIDRs: ['10.0.0.0/24', 'fd00::/64'] }, [ALL_V6]],
    [['--nodeport-addresses=fd00::/8'], DUAL, [ALL_V4]],
    // what one family alone can't use
    [
      ['--metrics-bind-address=[fd00::1]:10249', '--healthz-bind-address=[fd00::1]:1'],
      SINGLE,
      [
        'only IPv4 is proxied, but healthzBindAddress is of IPv6',
        'only IPv4 is proxied, but metricsBindAddress is of IPv6',
      ],
    ],
    [['--metrics-bind-address=[fd00::1]:10249'], DUAL, []],
    [['--metrics-bind-address=[::1]:10249'], SINGLE, []],
    [['--healthz-bind-address=[::]:10256'], SINGLE, []],
    [
      ['--proxy-mode=ipvs', '--ipvs-exclude-cidrs=fd00::/8'],
      SINGLE,
      ['only IPv4 is proxied, but ipvs.excludeCIDRs has only IPv6'],
    ],
    [['--ipvs-exclude-cidrs=fd00::/8'], SINGLE, []],
  ])('%j %j', (args, facts, expected) => {
    const found = findInconsistencies(settingsOf(args), { ...DUAL, ...facts });
    expect(found.map(({ message, isFatal }) => (isFatal ? fatal(message) : message))).toEqual(expected);
  });
});
