import { describe, expect, it } from 'vitest';
import type { Tally } from './outcome.ts';
import { faultsOf } from './shares.ts';

function tallyOf(byPod: Record<string, number>, failed = 0): Tally {
  const total = Object.values(byPod).reduce((sum, count) => sum + count, failed);
  return { total, byPod, byClient: {}, failed, failures: {}, elapsedMs: 1 };
}

describe('faultsOf', () => {
  it.each([
    ['a fair spread', tallyOf({ a: 90, b: 110, c: 100 }), ['a', 'b', 'c'], []],
    ['a pod alone', tallyOf({ a: 300 }), ['a'], []],
    ['a failure', tallyOf({ a: 299 }, 1), ['a'], ['1 of 300 requests failed']],
    [
      'a pod that should be silent',
      tallyOf({ a: 299, b: 1 }),
      ['a'],
      ['b answered 1 requests and should get none'],
    ],
    [
      'a pod that never answers',
      tallyOf({ a: 150, b: 150 }),
      ['a', 'b', 'c'],
      [
        'a answered 150 of 300 requests, which is no fair share',
        'b answered 150 of 300 requests, which is no fair share',
        'c answered 0 of 300 requests, which is no fair share',
      ],
    ],
  ])('judges %s', (_name, tally, expected, faults) => {
    expect(faultsOf(tally, expected)).toEqual(faults);
  });
});
