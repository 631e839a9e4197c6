import { describe, expect, it } from 'vitest';
import { decodeServiceCIDR } from './decode.ts';

function serviceCIDR(spec: unknown, metadata: object = {}): unknown {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes', ...metadata },
    spec,
  };
}

describe('a ServiceCIDR', () => {
  it('keeps its ranges as canonical text, in their order', () => {
    const value = serviceCIDR(
      { cidrs: ['FD00:30:0::1/112', '172.30.000.7/16'] },
      { namespace: 'ignored', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x'] },
    );
    expect(decodeServiceCIDR(value)).toEqual({
      object: {
        kind: 'ServiceCIDR',
        namespace: '',
        name: 'kubernetes',
        cidrs: ['fd00:30::/112', '172.30.0.0/16'],
      },
      problems: [],
    });
  });

  it.each([[undefined], [{}], [{ cidrs: null }], [{ cidrs: [] }]])('may be without any: %j', (spec) => {
    expect(decodeServiceCIDR(serviceCIDR(spec))).toMatchObject({ object: { cidrs: [] }, problems: [] });
  });

  it.each([
    ['x', 'spec.cidrs[0]: x is not a CIDR; ignored'],
    ['172.30.0.0', 'spec.cidrs[0]: 172.30.0.0 is not a CIDR; ignored'],
    ['172.30.0.0/33', 'spec.cidrs[0]: 172.30.0.0/33 is not a CIDR; ignored'],
    [7, 'spec.cidrs[0]: 7 is not a string; ignored'],
  ])('loses a range that is none, and no other: %j', (bad, expected) => {
    const { object, problems } = decodeServiceCIDR(serviceCIDR({ cidrs: [bad, '10.96.0.0/12'] }));
    expect(problems.map(({ field, message }) => `${field}: ${message}`)).toEqual([expected]);
    expect(problems[0]?.object).toEqual({ kind: 'ServiceCIDR', namespace: '', name: 'kubernetes' });
    expect(object?.cidrs).toEqual(['10.96.0.0/12']);
  });

  it.each([
    [serviceCIDR(1), 'spec: 1 is not an object'],
    [serviceCIDR({ cidrs: '10.96.0.0/12' }), 'spec.cidrs: 10.96.0.0/12 is not a list'],
    [serviceCIDR({}, { name: undefined }), 'metadata.name: missing'],
  ])('%j can not be used', (value, expected) => {
    const { object, problems } = decodeServiceCIDR(value);
    expect(problems.map(({ field, message }) => `${field}: ${message}`)).toEqual([expected]);
    expect(object).toBeUndefined();
  });
});
