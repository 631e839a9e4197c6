import { describe, expect, it } from 'vitest';
import { decodeLease } from './decode-lease.ts';
import { decodeNamespace } from './decode-namespace.ts';
import { formatProblem } from './objects.ts';

function lease(spec: unknown, metadata: object = {}) {
  const { object, problems } = decodeLease({ metadata: { name: 'l', namespace: 'ns', ...metadata }, spec });
  return { object, problems: problems.map(formatProblem) };
}

const FREE = {
  kind: 'Lease',
  namespace: 'ns',
  name: 'l',
  holderIdentity: '',
  leaseDurationMs: 0,
  renewTimeMs: 0,
  annotations: new Map(),
};

describe('a Lease', () => {
  it('is all there', () => {
    const spec = {
      holderIdentity: 'n1',
      leaseDurationSeconds: 6,
      renewTime: '2026-01-02T03:04:05.678901Z',
      leaseTransitions: 3,
    };
    expect(lease(spec, { annotations: { 'menwei.dev/owns': '[]' } })).toEqual({
      object: {
        ...FREE,
        holderIdentity: 'n1',
        leaseDurationMs: 6_000,
        renewTimeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
        annotations: new Map([['menwei.dev/owns', '[]']]),
      },
      problems: [],
    });
  });

  it.each([undefined, {}, { holderIdentity: null, renewTime: null }])('may be free: %j', (spec) => {
    expect(lease(spec)).toEqual({ object: FREE, problems: [] });
  });

  it.each([
    [{ holderIdentity: 7 }, 'spec.holderIdentity: 7 is not a string'],
    [{ leaseDurationSeconds: -1 }, 'spec.leaseDurationSeconds: -1 is outside 0-2147483647'],
    [{ renewTime: 'now' }, 'spec.renewTime: now is not a time'],
  ])('is refused for %j', (spec, problem) => {
    expect(lease(spec)).toEqual({ object: undefined, problems: [`Lease ns/l: ${problem}`] });
  });
});

describe('a Namespace', () => {
  it('has labels', () => {
    const metadata = { name: 'shop', labels: { team: 'a' } };
    const labels = new Map([['team', 'a']]);
    expect(decodeNamespace({ metadata })).toEqual({
      object: { kind: 'Namespace', namespace: '', name: 'shop', labels },
      problems: [],
    });
  });

  it('has the name of a DNS label', () => {
    expect(decodeNamespace({ metadata: { name: 'a.b' } }).problems.map(formatProblem)).toEqual([
      'Namespace a.b: metadata.name: a.b is not a name (lower-case letters, digits and "-", at most 63)',
    ]);
  });
});
