import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastWordOf, rangesOf } from './address-ranges.ts';

const BASE = 0xc0000200;

describe('ranges', () => {
  it.each<[string, readonly string[], readonly (readonly [number, number])[]]>([
    ['of nothing are none', [], []],
    ['of one', ['192.0.2.7'], [[7, 7]]],
    ['of neighbours are one', ['192.0.2.9', '192.0.2.7', '192.0.2.8', '192.0.2.7'], [[7, 9]]],
    [
      'are as few as they may be, over the smallest gaps',
      ['192.0.2.1', '192.0.2.3', '192.0.2.100', '192.0.2.200'],
      [
        [1, 3],
        [100, 100],
        [200, 200],
      ],
    ],
  ])('%s', (_, addresses, expected) => {
    expect(rangesOf(addresses.map(lastWordOf), 3)).toEqual(
      expected.map(([first, last]) => ({ first: BASE + first, last: BASE + last })),
    );
  });

  it('of IPv6 addresses are of their ends', () => {
    expect(rangesOf(['2001:db8::1', '2001:db8::2', 'fe80::ffff:ffff'].map(lastWordOf), 9)).toEqual([
      { first: 1, last: 2 },
      { first: 0xffffffff, last: 0xffffffff },
    ]);
  });

  it('have all numbers, do not overlap, and are no more than asked for', () => {
    const numbers = fc.array(fc.nat(300), { maxLength: 40 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 8 }), (numbers, most) => {
        const ranges = rangesOf(
          numbers.map((number) => 0x0a000000 + number),
          most,
        );
        expect(ranges.length).toBeLessThanOrEqual(most);
        for (const number of numbers) {
          const value = 0x0a000000 + number;
          expect(ranges.filter(({ first, last }) => first <= value && value <= last)).toHaveLength(1);
        }
        for (const [index, { first, last }] of ranges.entries()) {
          expect(first).toBeLessThanOrEqual(last);
          expect(first).toBeGreaterThan((ranges[index - 1]?.last ?? -2) + 1);
        }
      }),
    );
  });
});
