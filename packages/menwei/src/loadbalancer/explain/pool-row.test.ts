import { addressPool, addressRequest, labelSelector } from '@menwei/testing/loadbalancer/pools.ts';
import { expect, it } from 'vitest';
import { AddressAllocator } from '../pools/address-allocator.ts';
import { describePool } from './pool-row.ts';

it('tells how full a pool is, and who may have its addresses', () => {
  const allocator = new AddressAllocator();
  const serviceAllocation = {
    priority: 5,
    namespaces: ['a', 'b'],
    namespaceSelectors: [labelSelector('team', 'web')],
    serviceSelectors: [{ requirements: [{ key: 'app', operator: 'NotIn' as const, values: ['x', 'y'] }] }],
  };
  const pools = [
    addressPool('p', ['192.0.2.10-192.0.2.12', 'fd00::/64']),
    addressPool('q', ['192.0.2.12'], { createdAtMs: 1, serviceAllocation, autoAssign: false }),
  ];
  allocator.begin(pools, [addressRequest('a')], 0);
  allocator.quarantine('192.0.2.11', 1_000, '02:00:00:00:00:01', 0);
  expect(allocator.pools.map(describePool)).toEqual([
    {
      name: 'p',
      kind: 'IPAddressPool',
      ranges: ['192.0.2.10-192.0.2.12', 'fd00::/64'],
      allowed: 'all Services',
      problem: undefined,
      families: [
        { family: 'IPv4', size: '3', inUse: 1, quarantined: 1, free: '1' },
        {
          family: 'IPv6',
          size: '18446744073709551616',
          inUse: 0,
          quarantined: 0,
          free: '18446744073709551616',
        },
      ],
    },
    {
      name: 'q',
      kind: 'IPAddressPool',
      ranges: ['192.0.2.12'],
      allowed:
        'namespaces a, b or namespaces with team=web; Services with app notin (x,y); priority 5; only by request',
      problem: 'its range 192.0.2.12 overlaps with 192.0.2.10-192.0.2.12 of the older pool p',
      families: [{ family: 'IPv4', size: '1', inUse: 0, quarantined: 0, free: '1' }],
    },
  ]);
});
