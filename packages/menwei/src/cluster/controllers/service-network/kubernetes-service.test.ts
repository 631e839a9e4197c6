import { expect, it } from 'vitest';
import { unreachableFromPods } from './kubernetes-service-keeper.ts';

it.each([
  ['10.96.0.0/16', undefined, 'loopback only'],
  ['10.96.0.0/16', 'fd00::1', 'Service is IPv4, and fd00::1 is not'],
  ['fd00:96::/112', '192.0.2.1', 'Service is IPv6, and 192.0.2.1 is not'],
])('the API server of Services in %s at %s is out of reach for pods', (range, advertiseAddress, told) => {
  expect(unreachableFromPods(range, { advertiseAddress, port: 6443 })).toContain(told);
});

it('the API server is in reach for pods of its family', () => {
  expect(unreachableFromPods('10.96.0.0/16', { advertiseAddress: '192.0.2.1', port: 6443 })).toBeUndefined();
});
