import { describe, expect, it } from 'vitest';
import { decodeEndpointSlice } from '../../kubernetes/decode.ts';
import { mirrorEndpoints } from './mirrored-endpoints.ts';

function endpoints(subsets: unknown, metadata: object = {}): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    subsets,
  };
}

const SUBSET = {
  addresses: [{ ip: '10.0.0.1', nodeName: 'node-1' }, { ip: 'fd00::1' }],
  notReadyAddresses: [{ ip: '10.0.0.2' }],
  ports: [{ name: 'p80', port: 80, protocol: 'UDP' }, { port: 81 }],
};

function decodeAll(value: unknown) {
  return mirrorEndpoints(value).slices.map((slice) => decodeEndpointSlice(slice.value).object);
}

describe('Endpoints become EndpointSlices', () => {
  it('one for each subset and family', () => {
    const slices = decodeAll(
      endpoints([SUBSET, { addresses: [{ ip: '10.0.0.9' }], ports: [{ name: '', port: 90 }] }]),
    );
    expect(
      slices.map((slice) => [slice?.name, slice?.addressType, slice?.endpoints.map(({ ip }) => ip)]),
    ).toEqual([
      ['web.subset-0.ipv4', 'IPv4', ['10.0.0.1', '10.0.0.2']],
      ['web.subset-0.ipv6', 'IPv6', ['fd00::1']],
      ['web.subset-1.ipv4', 'IPv4', ['10.0.0.9']],
    ]);
    expect(slices[0]).toMatchObject({
      namespace: 'shop',
      serviceName: 'web',
      endpoints: [
        { ready: true, serving: true, terminating: false, nodeName: 'node-1' },
        { ready: false, serving: false, terminating: false, nodeName: '' },
      ],
    });
  });

  it.each([
    ['without subsets', endpoints(undefined)],
    ['with an empty subset', endpoints([{}])],
    [
      'not to be mirrored',
      endpoints([SUBSET], { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }),
    ],
    [
      'of a leader election',
      endpoints([SUBSET], { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }),
    ],
  ])('%s: none', (_, value) => {
    expect(mirrorEndpoints(value)).toEqual({ slices: [], problem: undefined });
  });

  it('of headless Services are passed over like their slices', () => {
    expect(decodeAll(endpoints([SUBSET], { labels: { 'service.kubernetes.io/headless': '' } }))).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('keep the way back to their fields', () => {
    const [slice] = mirrorEndpoints(
      endpoints([{ addresses: [{ ip: 'x' }], notReadyAddresses: [{ ip: '10.0.0.1', nodeName: 1 }] }]),
    ).slices;
    const fields = decodeEndpointSlice(slice?.value).problems.map(({ field }) => slice?.sourceField(field));
    expect(fields).toEqual(['subsets[0].addresses[0].ip', 'subsets[0].notReadyAddresses[0].nodeName']);
    expect(slice?.sourceField('ports[1].port')).toBe('subsets[0].ports[1].port');
    expect(slice?.sourceField('metadata.name')).toBe('metadata.name');
  });

  it.each([
    [endpoints('x'), 'subsets'],
    [endpoints([1]), 'subsets[0]'],
    [endpoints([{ ports: 1 }]), 'subsets[0].ports'],
    [endpoints([{}, { addresses: 1 }]), 'subsets[1].addresses'],
    [
      endpoints([], { labels: { 'endpointslice.kubernetes.io/skip-mirror': true } }),
      'metadata.labels.endpointslice.kubernetes.io/skip-mirror',
    ],
    [endpoints([], { labels: 'skip' }), 'metadata.labels'],
    [endpoints([{ notReadyAddresses: {} }]), 'subsets[0].notReadyAddresses'],
  ])('unless %j has no shape', (value, field) => {
    expect(mirrorEndpoints(value)).toMatchObject({ slices: [], problem: { field } });
  });
});
