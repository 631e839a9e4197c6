import { aLoadBalancer, aService } from '@menwei/testing/services/testing.ts';
import { expect, it } from 'vitest';
import { announcedService } from './announced-addresses.ts';
import { PoolsByAddress } from './pool-of-address.ts';

it('of what a status says, only addresses that some machine may have are announced', () => {
  const ips = ['127.0.0.1', '169.254.169.254', '224.0.0.18', '192.0.2.7', 'fe80::1', '2001:db8::1'];
  const service = aService({
    type: 'LoadBalancer',
    loadBalancer: aLoadBalancer(),
    loadBalancerIngress: ips.map((ip) => ({ ip, ipMode: 'VIP' })),
  });
  const view = { pools: new PoolsByAddress([]), advertisements: [], classes: new Set<string>() };
  const announced = announcedService(service, { IPv4: new Map(), IPv6: new Map() }, view);
  expect(announced?.addresses.map(({ address }) => address)).toEqual(['192.0.2.7', '2001:db8::1']);
});
