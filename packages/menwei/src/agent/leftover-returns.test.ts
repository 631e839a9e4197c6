import { describe, expect, it } from 'vitest';
import { LeftoverReturns } from './leftover-returns.ts';

const MINUTE = 60_000;

/** Looks every second at a node where somebody makes rules again as soon as they are gone; when they were removed. */
function fight(returns: LeftoverReturns, fromMs: number, untilMs: number): readonly number[] {
  const removals: number[] = [];
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += 1_000) {
    const removes = returns.mayRemove(nowMs);
    if (removes) removals.push(nowMs);
    returns.note(true, !removes, nowMs);
  }
  return removals;
}

describe('rules that come back', () => {
  it('are removed again at once, and then less and less often', () => {
    const removals = fight(new LeftoverReturns(), 0, 24 * 60 * MINUTE);
    expect(removals.slice(0, 5)).toEqual([0, 1_000, 11_000, 31_000, 71_000]);
    expect(removals.length).toBeLessThan(110);
    expect(Math.max(...removals.map((at, index) => at - (removals[index - 1] ?? 0)))).toBeLessThan(
      16 * MINUTE,
    );
  });

  it('are counted once for each time that they were gone', () => {
    const returns = new LeftoverReturns();
    expect(returns.note(true, true, 0)).toBe(false);
    expect(returns.note(true, false, 1)).toBe(false);
    expect(returns.note(false, false, 2)).toBe(false);
    expect(returns.isRecent(2)).toBe(false);
    expect(returns.note(true, true, 3)).toBe(true);
    expect(returns.note(true, true, 4)).toBe(false);
    expect(returns.note(true, false, 20_000)).toBe(false);
    expect(returns.count).toBe(1);
    expect(returns.isRecent(20_002)).toBe(true);
    expect(returns.isRecent(20_004)).toBe(false);
  });

  it('are removed at once again after a long time of peace', () => {
    const returns = new LeftoverReturns();
    fight(returns, 0, 10 * MINUTE);
    const later = 60 * MINUTE;
    returns.note(false, false, later);
    expect(fight(returns, later, later + MINUTE).slice(0, 3)).toEqual([
      later,
      later + 10_000,
      later + 30_000,
    ]);
  });
});
