import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['15m0s', 900_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['100ms', 100],
    ['5us', 0.005],
    ['-5s', -5000],
    ['+5s', 5000],
    ['', undefined],
    ['30', undefined],
    ['s', undefined],
    ['30 s', undefined],
    ['1d', undefined],
    ['.s', undefined],
  ])('%s', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs);
  });

  it('reads what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e7, max: 1e7 }), (durationMs) => {
        expect(parseDuration(formatDuration(durationMs))).toBeCloseTo(durationMs, 3);
      }),
    );
  });
});
