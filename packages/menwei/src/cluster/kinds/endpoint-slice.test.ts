import { expect, it } from 'vitest';
import type { Messages } from '../schema/messages.ts';
import { ENDPOINT_SLICE_RULES as RULES } from './endpoint-slice.ts';

type EndpointSlice = Messages['discovery.v1.EndpointSlice'];
type Endpoint = Messages['discovery.v1.Endpoint'];

function slice(endpoints: readonly Endpoint[], addressType = 'IPv4'): EndpointSlice {
  const metadata = { name: 's', namespace: 'default' };
  return { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1', metadata, addressType, endpoints };
}

it('takes no topology of older versions, and keeps what is there until the endpoints change', () => {
  const old = slice([{ addresses: ['10.0.0.1'], deprecatedTopology: { a: 'b' } }]);
  const bare = slice([{ addresses: ['10.0.0.1'] }]);
  expect(RULES.prepareForCreate?.(old, 0)).toEqual(bare);
  expect(RULES.prepareForUpdate?.(old, bare)).toEqual(bare);
  expect(RULES.prepareForUpdate?.(old, old)).toEqual(old);
});

it('may keep addresses that would not be taken today, and gets no more of them', () => {
  const old = slice([{ addresses: ['127.0.0.1'] }]);
  expect(RULES.validate(old, old)).toEqual([]);
  expect(RULES.validate(slice([{ addresses: ['127.0.0.2'] }]), old)).toHaveLength(1);
});

it('warns of spellings and of names, but its own controllers', () => {
  const odd = slice([{ addresses: ['2001:DB8::1'] }], 'IPv6');
  expect(RULES.warnings?.(odd)).toEqual([
    'endpoints[0].addresses[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
  ]);
  const labels = { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
  expect(RULES.warnings?.({ ...odd, metadata: { labels } })).toEqual([]);
  expect(RULES.warnings?.(slice([], 'FQDN'))).toEqual(['spec.addressType: FQDN endpoints are deprecated']);
});
