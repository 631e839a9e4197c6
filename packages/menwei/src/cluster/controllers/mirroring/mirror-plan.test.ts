import { describe, expect, it } from 'vitest';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import { isMirrored, MAX_MIRRORED_ADDRESSES, planMirror } from './mirror-plan.ts';

type Endpoints = StoredKinds['endpoints'];

function endpoints(subsets: NonNullable<Endpoints['subsets']>, metadata: object = {}): Endpoints {
  return {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: { name: 'e', namespace: 'default', uid: 'u', ...metadata },
    subsets,
  };
}

const PORTS = [{ name: 'http', port: 80, protocol: 'TCP' }];
const ips = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ip: `10.0.${index >> 8}.${index & 255}` }));

describe('mirrored slices', () => {
  it('hold a thousand addresses a subset, and the rest is told', () => {
    const plan = planMirror(endpoints([{ addresses: ips(MAX_MIRRORED_ADDRESSES + 7), ports: PORTS }]), []);
    expect(plan.create.map(({ endpoints }) => endpoints?.length)).toEqual([MAX_MIRRORED_ADDRESSES]);
    expect(plan.surplus).toBe(7);
  });

  it('leave out what is no address', () => {
    const plan = planMirror(
      endpoints([{ addresses: [{ ip: 'nonsense' }, { ip: '10.0.0.1' }], ports: PORTS }]),
      [],
    );
    expect(plan.create[0]?.endpoints).toMatchObject([
      { addresses: ['10.0.0.1'], conditions: { ready: true } },
    ]);
    expect(plan.invalid).toBe(1);
  });

  it('are updated in place, one a family and set of ports, and written only when something differs', () => {
    const subset = { addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], ports: PORTS };
    const first = planMirror(endpoints([subset]), []);
    const named = first.create.map((slice, index) => ({
      ...slice,
      metadata: { ...slice.metadata, name: `e-${index}` },
    }));
    expect(named.map(({ addressType }) => addressType)).toEqual(['IPv4', 'IPv6']);
    const idle = { create: [], update: [], remove: [] };
    expect(planMirror(endpoints([subset]), named)).toMatchObject(idle);
    const relabelled = planMirror(endpoints([subset], { labels: { a: 'b' } }), named);
    expect(relabelled.update.map(({ metadata }) => [metadata.name, metadata.labels?.a])).toEqual([
      ['e-0', 'b'],
      ['e-1', 'b'],
    ]);
    const annotated = planMirror(endpoints([subset], { annotations: { a: 'b' } }), named);
    expect(annotated.update).toHaveLength(2);
    const without = planMirror(endpoints([{ ...subset, addresses: [{ ip: '10.0.0.1' }] }]), named);
    expect(without).toMatchObject({ create: [], update: [], remove: [{ metadata: { name: 'e-1' } }] });
  });

  it('are several for ports of one name, each with all addresses', () => {
    const addresses = [{ ip: '10.0.0.1' }];
    const http = (port: number) => ({ name: 'http', port, protocol: 'TCP' });
    const other = { name: 'other', port: 9, protocol: 'TCP' };
    const subsets = [
      { addresses, ports: [http(80), other] },
      { addresses, ports: [http(81)] },
    ];
    const { create } = planMirror(endpoints(subsets), []);
    expect(create.map(({ ports }) => ports)).toEqual([[http(80), other], [http(81)]]);
    expect(create.map(({ endpoints }) => endpoints?.length)).toEqual([1, 1]);
  });

  it('do not take over what belongs to their object alone', () => {
    const annotations = {
      'endpoints.kubernetes.io/last-change-trigger-time': '2026-11-30T05:00:00Z',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      kept: 'yes',
    };
    const plan = planMirror(endpoints([{ addresses: ips(1), ports: PORTS }], { annotations }), []);
    expect(plan.create[0]?.metadata.annotations).toEqual({ kept: 'yes' });
  });
});

it.each([
  [true, {}],
  [true, { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'false' } }],
  [false, { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }],
  [false, { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }],
])('Endpoints are mirrored: %s with %j', (isIt, metadata) => {
  expect(isMirrored(endpoints([], metadata))).toBe(isIt);
});
