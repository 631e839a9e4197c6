import { describe, expect, it } from 'vitest';
import { formatErrorBody } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { IP_ADDRESS_POOL_RULES } from './ip-address-pool.ts';
import { L2_ADVERTISEMENT_RULES } from './l2-advertisement.ts';
import { keptResource, resourceOf } from './resources.ts';

type PoolSpec = NonNullable<Messages['metallb.v1beta1.IPAddressPool']['spec']>;
type AdvertisementSpec = NonNullable<Messages['metallb.v1beta1.L2Advertisement']['spec']>;

const pool = (spec: PoolSpec) => ({
  kind: 'IPAddressPool',
  apiVersion: 'metallb.io/v1beta1',
  metadata: {},
  spec,
});
const advertisement = (spec: AdvertisementSpec) => ({
  kind: 'L2Advertisement',
  apiVersion: 'metallb.io/v1beta1',
  metadata: {},
  spec,
});
const poolErrors = (spec: PoolSpec) =>
  IP_ADDRESS_POOL_RULES.validate(pool(spec)).map((error) => `${error.field}: ${formatErrorBody(error)}`);
const advertisementErrors = (spec: AdvertisementSpec) =>
  L2_ADVERTISEMENT_RULES.validate(advertisement(spec)).map(
    (error) => `${error.field}: ${formatErrorBody(error)}`,
  );

describe('an IPAddressPool', () => {
  it('has its defaults written down', () => {
    expect(IP_ADDRESS_POOL_RULES.defaults(pool({ addresses: ['192.0.2.1'] })).spec).toEqual({
      autoAssign: true,
      avoidBuggyIPs: false,
      addresses: ['192.0.2.1'],
    });
  });

  it('may be written by those who have good ones', () => {
    const serviceAllocation = {
      namespaces: ['a'],
      namespaceSelectors: [{}],
      serviceSelectors: [{ matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'Exists' }] }],
    };
    expect(poolErrors({ addresses: ['192.0.2.0/24', 'fd00::1-fd00::2'], serviceAllocation })).toEqual([]);
  });

  it.each<[PoolSpec, RegExp]>([
    [{ addresses: ['192.0.2.1/24'] }, /^spec\.addresses\[0\]: Invalid value: "192\.0\.2\.1\/24": .*boundary/],
    [{ addresses: ['x'] }, /^spec\.addresses\[0\]: Invalid value: "x": x is neither a CIDR nor/],
    [
      { serviceAllocation: { namespaces: ['A'] } },
      /^spec\.serviceAllocation\.namespaces\[0\]: Invalid value: "A"/,
    ],
    [
      { serviceAllocation: { serviceSelectors: [{ matchLabels: { 'a b': '' } }] } },
      /^spec\.serviceAllocation\.serviceSelectors\[0\]\.matchLabels: Invalid value: "a b"/,
    ],
  ])('may not be %j', (spec, expected) => {
    expect(poolErrors(spec)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('an L2Advertisement', () => {
  it.each([
    [
      { matchExpressions: [{ key: 'a', operator: 'In' }] },
      ".matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] },
      ".matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
    [
      { matchExpressions: [{ key: 'a', operator: '=' }] },
      '.matchExpressions[0].operator: Invalid value: "=": not a valid selector operator',
    ],
  ])('may not select by %j', (selector, expected) => {
    expect(advertisementErrors({ nodeSelectors: [{}, selector] })).toEqual([
      `spec.nodeSelectors[1]${expected}`,
    ]);
  });
});

it('both groups have the same objects', () => {
  const own = resourceOf('menwei.dev', 'ipaddresspools');
  const kept = resourceOf('metallb.io', 'ipaddresspools');
  expect([keptResource(own), keptResource(kept), own.storedAs]).toEqual([kept, kept, kept.storedAs]);
});
