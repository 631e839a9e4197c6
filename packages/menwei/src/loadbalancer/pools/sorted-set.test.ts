import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SortedSet } from './sorted-set.ts';

it('a sorted set is what a sorted list without doubles is', () => {
  const changes = fc.array(fc.tuple(fc.integer({ min: 0, max: 600 }), fc.boolean()), {
    maxLength: 1_500,
    size: 'max',
  });
  fc.assert(
    fc.property(changes, fc.integer({ min: -1, max: 601 }), (all, asked) => {
      const set = new SortedSet<number>((a, b) => a - b);
      const model = new Set<number>();
      for (const [item, isAdded] of all) {
        if (isAdded) {
          set.add(item);
          model.add(item);
        } else expect(set.delete(item)).toBe(model.delete(item));
      }
      const sorted = [...model].sort((a, b) => a - b);
      expect([...set]).toEqual(sorted);
      expect([set.size, set.first]).toEqual([sorted.length, sorted[0]]);
      expect(set.after(asked)).toBe(sorted.find((item) => item > asked));
    }),
    { numRuns: 30 },
  );
});
