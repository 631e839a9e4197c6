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
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [1, '1ms'],
    [1e-6, '1ns'],
    [0.005, '5µs'],
    [1.5, '1.5ms'],
    [30_000, '30s'],
    [1500, '1.5s'],
    [90_000, '1m30s'],
    [900_000, '15m0s'],
    [86_400_000, '24h0m0s'],
    [-5000, '-5s'],
    [3_600_000.5, '1h0m0.0005s'],
  ])('%d ms is %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it('is read by parseDuration as what was written', () => {
    const ns = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: -2000, max: 2000 }));
    fc.assert(
      fc.property(ns, (durationNs) => {
        const durationMs = durationNs / 1e6;
        expect(parseDuration(formatDuration(durationMs))).toBeCloseTo(durationMs, 5);
      }),
    );
  });

  it('is exact for what was read', () => {
    const ns = fc.integer({ min: 0, max: 1e15 });
    fc.assert(
      fc.property(ns, (durationNs) => {
        const durationMs = parseDuration(`${durationNs}ns`);
        expect(parseDuration(formatDuration(durationMs ?? -1))).toBe(durationMs);
      }),
    );
  });
});
