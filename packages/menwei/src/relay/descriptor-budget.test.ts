import { describe, expect, it } from 'vitest';
import { allocateBudget, SharedDescriptorBudget, shareOfRelays } from './descriptor-budget.ts';

describe('shareOfRelays', () => {
  it.each([
    [64_000, 62_976],
    [4096, 3072],
    [1024, 768],
    [2 ** 40, 2 ** 31 - 1],
  ])('of %i it is %i', (limit, share) => expect(shareOfRelays(limit, 1024)).toBe(share));
});

describe('SharedDescriptorBudget', () => {
  const holders = (count: number) => {
    const memory = allocateBudget(count, 2);
    return [new SharedDescriptorBudget(memory, 0), new SharedDescriptorBudget(memory, 1)] as const;
  };

  it('counts over all holders', () => {
    const [one, other] = holders(3);
    expect([one.take(2), other.take(2), other.take(1), one.take(1)]).toEqual([true, false, true, false]);
    one.give(2);
    expect([other.take(2), other.take(1)]).toEqual([true, false]);
  });

  it('takes nothing where there is not enough', () => {
    const [one, other] = holders(1);
    expect(one.take(2)).toBe(false);
    expect(other.take(1)).toBe(true);
  });

  it('gets back what a holder had that ended', () => {
    const [one, other] = holders(3);
    one.take(2);
    other.take(1);
    one.giveAll();
    expect([other.take(2), other.take(1)]).toEqual([true, false]);
  });

  it('has none left after a claim beyond it, until that is given back', () => {
    const [one, other] = holders(3);
    one.claim(5);
    expect(other.take(1)).toBe(false);
    one.give(3);
    expect([other.take(1), other.take(1)]).toEqual([true, false]);
  });

  it('refuses to take back more than was taken', () => {
    const [one, other] = holders(3);
    other.take(1);
    expect(() => one.give(1)).toThrow('BUG');
  });
});
