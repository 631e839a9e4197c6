import { describe, expect, it } from 'vitest';
import { retryDelayMs } from './retry.ts';

const TIMING = { firstMs: 800, maxMs: 3000 };

describe('the wait before a retry', () => {
  it('doubles with each failure, up to the longest', () => {
    expect([1, 2, 3, 4, 2000].map((failures) => retryDelayMs(failures, TIMING))).toEqual([
      800, 1600, 3000, 3000, 3000,
    ]);
  });

  it('lies in its upper half where chance spreads it', () => {
    expect(retryDelayMs(1, TIMING, () => 0.999)).toBeCloseTo(400, -1);
    expect(retryDelayMs(9, TIMING, () => 0)).toBe(3000);
  });
});
