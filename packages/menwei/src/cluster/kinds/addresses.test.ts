import { expect, it } from 'vitest';
import { formatErrorBody } from '../schema/field-error.ts';
import {
  canonicalCidrErrors,
  canonicalIpErrors,
  cidrErrors,
  cidrWarnings,
  endpointIpErrors,
  ipErrors,
  ipWarnings,
} from './addresses.ts';

const INVALID = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

it.each([
  [ipErrors, '10.0.0.1', undefined],
  [ipErrors, '2001:DB8:0::1', undefined],
  [ipErrors, 'nope', INVALID],
  [ipErrors, 'fe80::1%eth0', INVALID],
  [ipErrors, '10.00.0.1', 'must not have leading 0s'],
  [ipErrors, '::ffff:10.0.0.1', 'must not be an IPv4-mapped IPv6 address'],
  [canonicalIpErrors, '2001:db8:0::1', 'must be in canonical form ("2001:db8::1")'],
  [canonicalIpErrors, 'abc', INVALID],
  [endpointIpErrors, '0.0.0.0', 'may not be unspecified (0.0.0.0)'],
  [endpointIpErrors, '::', 'may not be unspecified (::)'],
  [endpointIpErrors, '127.1.2.3', 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [endpointIpErrors, 'fe80::1', 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [endpointIpErrors, '224.0.0.7', 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
  [endpointIpErrors, 'ff12::7', 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
  [endpointIpErrors, 'FEBF:0::1', 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [endpointIpErrors, 'fec0::1', undefined],
  [endpointIpErrors, '0:0::1', 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [endpointIpErrors, 'ff01::2', undefined],
  [endpointIpErrors, '2001:db8::ff02:1', undefined],
  [endpointIpErrors, '224.0.1.1', undefined],
  [endpointIpErrors, 'x', 'must be a valid IP address'],
  [endpointIpErrors, '192.0.2.1', undefined],
  [cidrErrors, '10.1.0.0/24', undefined],
  [cidrErrors, '10.1.0.1/24', 'must not have bits set beyond the prefix length'],
  [cidrErrors, '10.1.0.0/024', 'must not have leading 0s in IP or prefix length'],
  [cidrErrors, '10.1.0.0', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
  [cidrErrors, '::ffff:10.0.0.0/104', 'must not have an IPv4-mapped IPv6 address'],
  [canonicalCidrErrors, 'FD00::/64', 'must be in canonical form ("fd00::/64")'],
])('%o of %s: %s', (check, value, detail) => {
  const errors = check('f', value).map(formatErrorBody);
  expect(errors).toEqual(detail === undefined ? [] : [`Invalid value: "${value}": ${detail}`]);
});

it('warns of spellings that not everybody reads alike', () => {
  expect(ipWarnings('f', '10.0.0.01')).toEqual([
    'f: non-standard IP address "10.0.0.01" is invalid: use "10.0.0.1"',
  ]);
  expect(ipWarnings('f', '2001:DB8::1')).toEqual([
    'f: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
  ]);
  expect(cidrWarnings('f', '10.0.0.1/24')).toEqual([
    'f: CIDR value "10.0.0.1/24" is ambiguous in this context (should be "10.0.0.0/24" or "10.0.0.1/32"?)',
  ]);
  expect(cidrWarnings('f', 'FD00::/64')).toEqual([
    'f: IPv6 CIDR value "FD00::/64" should be in RFC 5952 canonical format ("fd00::/64")',
  ]);
  expect([...ipWarnings('f', '10.0.0.1'), ...cidrWarnings('f', '10.0.0.0/8')]).toEqual([]);
});
