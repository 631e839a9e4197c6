import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Affinity } from './affinity.ts';

function withTtl(ttlMs: number): Affinity {
  const affinity = new Affinity();
  affinity.setTtl(ttlMs);
  return affinity;
}

describe('Affinity', () => {
  it.each([
    { afterMs: 0, expected: 'a' },
    { afterMs: 999, expected: 'a' },
    { afterMs: 1000, expected: undefined },
  ])('knows a client $afterMs ms after its last use: $expected', ({ afterMs, expected }) => {
    const affinity = withTtl(1000);
    affinity.remember('10.0.0.9', 'a', 500);
    expect(affinity.endpointOf('10.0.0.9', 500 + afterMs)).toBe(expected);
  });

  it('starts the time anew with every use', () => {
    const affinity = withTtl(1000);
    for (const atMs of [0, 900, 1800]) affinity.remember('10.0.0.9', 'a', atMs);
    expect(affinity.endpointOf('10.0.0.9', 2700)).toBe('a');
  });

  it.each([
    { ttlMs: 100, expected: undefined },
    { ttlMs: 5000, expected: 'a' },
  ])('applies a new time of $ttlMs ms to those it knows (KQ-32)', ({ ttlMs, expected }) => {
    const affinity = withTtl(1000);
    affinity.remember('10.0.0.9', 'a', 0);
    affinity.setTtl(ttlMs);
    expect(affinity.endpointOf('10.0.0.9', 1000)).toBe(expected);
  });

  it('forgets all when it is turned off, and remembers nobody then', () => {
    const affinity = withTtl(1000);
    affinity.remember('10.0.0.9', 'a', 0);
    affinity.setTtl(0);
    affinity.remember('10.0.0.8', 'a', 0);
    affinity.setTtl(1000);
    expect(affinity.size).toBe(0);
  });

  it('forgets the clients of endpoints that are gone', () => {
    const affinity = withTtl(1000);
    affinity.remember('10.0.0.8', 'a', 0);
    affinity.remember('10.0.0.9', 'b', 0);
    affinity.keep(new Set(['b']));
    expect([affinity.endpointOf('10.0.0.8', 1), affinity.endpointOf('10.0.0.9', 1)]).toEqual([
      undefined,
      'b',
    ]);
  });

  it('has no more clients in memory than are alive', () => {
    const uses = fc.array(fc.record({ client: fc.nat(30), pauseMs: fc.nat(400) }), { maxLength: 100 });
    fc.assert(
      fc.property(uses, (history) => {
        const affinity = withTtl(1000);
        const usedMs = new Map<number, number>();
        let nowMs = 0;
        for (const { client, pauseMs } of history) {
          nowMs += pauseMs;
          affinity.remember(`10.0.0.${client}`, 'a', nowMs);
          usedMs.set(client, nowMs);
          expect(affinity.size).toBe([...usedMs.values()].filter((atMs) => nowMs - atMs < 1000).length);
        }
      }),
    );
  });
});
