import { anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BALANCING } from '../kubernetes/objects.ts';
import { placesOf, SLOW_START_STEPS, type Weights, weightsOf } from './apportionment.ts';

const NONE: readonly number[] = [];

function evenly(...weights: readonly number[]): Weights {
  return slowly(weights, Math.min(...weights));
}

/** With a place for the least weight that a slow start may bring about. */
function slowly(weights: readonly number[], least: number): Weights {
  return { weights, least, steps: weights.map(() => SLOW_START_STEPS) };
}

function apportion(wanted: Weights, present: readonly number[]): readonly number[] {
  const { whole, now } = placesOf(wanted, present);
  expect(now).toEqual(whole);
  return whole;
}

describe('places', () => {
  it.each<[weights: readonly number[], places: readonly number[]]>([
    [
      [1, 2, 5],
      [1, 2, 5],
    ],
    [
      [100, 200, 500],
      [1, 2, 5],
    ],
    [
      [655, 655],
      [1, 1],
    ],
    [
      [2, 3],
      [2, 3],
    ],
    [
      [99, 100],
      [1, 1],
    ],
    [
      [1, 65_535],
      [1, 512],
    ],
    [
      [300, 700, 999],
      [3, 7, 10],
    ],
  ])('of %j are %j', (weights, places) => {
    expect(apportion(evenly(...weights), NONE)).toEqual(places);
  });

  it.each<[string, Weights, present: readonly number[], places: readonly number[]]>([
    ['stay when one goes', evenly(10, 10), [10, 10], [10, 10]],
    ['stay when one comes', evenly(10, 10, 3), [10, 10, 0], [10, 10, 3]],
    ['of the others stay when one weighs more', evenly(10, 10, 7), [10, 10, 3], [10, 10, 7]],
    ['change when a weight does not fit in', evenly(2, 2, 1), [1, 1, 1], [2, 2, 1]],
    ['of garbage are made anew', evenly(1, 2, 4), [7, 0, 1], [1, 2, 4]],
    ['that are gone in part come back', evenly(10, 10, 20), [10, 10, 7], [10, 10, 20]],
    ['are enough for a slow start', slowly([10, 10], 1), NONE, [10, 10]],
    ['that are too few for a slow start change', slowly([10, 10], 1), [1, 1], [10, 10]],
    [
      'that one in slow start had not yet come back to it',
      slowly([10, 10, 10, 10], 1),
      [13, 13, 13, 1],
      [13, 13, 13, 13],
    ],
    ['become fewer when they are far too many', evenly(1, 2), [2_000, 4_000], [1, 2]],
  ])('%s', (_title, weights, present, places) => {
    expect(apportion(weights, present)).toEqual(places);
  });
});

describe('any weights', () => {
  const weight = fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 65_535 }));
  const someWeights = fc
    .array(weight, { minLength: 1, maxLength: 30 })
    .chain((weights) => fc.constantFrom(evenly(...weights), slowly(weights, Math.min(...weights) / 10)));
  const counts = fc.array(fc.nat({ max: 40 }), { maxLength: 30 });

  it('have places in proportion', () => {
    fc.assert(
      fc.property(someWeights, counts, (wanted, present) => {
        const places = apportion(wanted, present);
        expect(sum(places)).toBeLessThanOrEqual(2_048);
        expect(Math.min(...places)).toBeGreaterThanOrEqual(1);
        const unit = sum(wanted.weights) / sum(places);
        const isRight = wanted.weights.every((weight, index) => {
          return Math.abs((places[index] ?? 0) * unit - weight) <= weight / 50;
        });
        expect(isRight || (sum(places) >= 256 && isRounded(wanted.weights, places))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keep the places that they were given', () => {
    fc.assert(
      fc.property(someWeights, counts, (wanted, present) => {
        const places = apportion(wanted, present);
        expect(apportion(wanted, places)).toEqual(places);
      }),
      { numRuns: 1_000 },
    );
  });

  const small = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 3, maxLength: 30 });

  it('leave all others theirs when one goes, and when it comes back', () => {
    fc.assert(
      fc.property(small, fc.nat(), (weights, chosen) => {
        const index = chosen % weights.length;
        const first = apportion(evenly(...weights), NONE);
        const others = first.toSpliced(index, 1);
        expect(apportion(evenly(...weights.toSpliced(index, 1)), others)).toEqual(others);
        expect(apportion(evenly(...weights), first.with(index, 0))).toEqual(first);
      }),
    );
  });

  it('leave all others theirs when one has half of its weight, or all again', () => {
    fc.assert(
      fc.property(small, fc.nat(), (halves, chosen) => {
        const weights = halves.map((each) => 2 * each);
        const index = chosen % weights.length;
        const changed = weights.with(index, (weights[index] ?? 0) / 2);
        const first = apportion(evenly(...changed), apportion(evenly(...weights), NONE));
        const back = apportion(evenly(...weights), first);
        expect(back.toSpliced(index, 1)).toEqual(first.toSpliced(index, 1));
        expect(apportion(evenly(...changed), back)).toEqual(first);
      }),
    );
  });
});

describe('places in slow start', () => {
  it.each<[steps: readonly number[], now: readonly number[]]>([
    [
      [10, 10, 10],
      [10, 10, 20],
    ],
    [
      [10, 10, 1],
      [19, 19, 2],
    ],
    [
      [10, 10, 9],
      [11, 11, 18],
    ],
    [
      [10, 1, 10],
      [13, 1, 26],
    ],
    [
      [10, 1, 5],
      [29, 1, 10],
    ],
    [
      [1, 1, 1],
      [1, 1, 2],
    ],
  ])('at steps %j are %j', (steps, now) => {
    const wanted = { ...slowly([1, 1, 2], 0.1), steps };
    expect(placesOf(wanted, NONE)).toEqual({ whole: [10, 10, 20], now });
  });

  it('change hands one by one', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: SLOW_START_STEPS - 1 }), (others, step) => {
        const wanted = slowly([1, ...others], 0.1);
        const at = (first: number) => placesOf({ ...wanted, steps: wanted.steps.with(0, first) }, NONE).now;
        const [before, after] = [at(step), at(step + 1)];
        expect(sum(after)).toBe(sum(before));
        const given = before.map((count, index) => Math.max(0, count - (after[index] ?? 0)));
        expect(after[0]).toBe((before[0] ?? 0) + 1);
        // Rounding may take one from some and give it to others.
        expect(sum(given)).toBeLessThanOrEqual(1 + others.length / 2);
      }),
    );
  });
});

describe('the weights of a service port', () => {
  const SLOW = { ...DEFAULT_BALANCING, slowStartMs: 30_000 };

  it.each([
    ['are none when nobody has said anything', DEFAULT_BALANCING, [1, 1], undefined],
    ['are those of its endpoints', DEFAULT_BALANCING, [2, 1], evenly(2, 1)],
    ['come in steps with slow start', SLOW, [2, 1], slowly([2, 1], 0.1)],
  ])('%s', (_title, balancing, weights, expected) => {
    const endpoints = weights.map((weight, index) => anEndpoint({ ip: `10.0.0.${index}`, weight }));
    expect(weightsOf(aServicePort({ balancing, endpoints }), endpoints)).toEqual(expected);
  });
});

/** Some weight for a place gives just these. */
function isRounded(weights: readonly number[], places: readonly number[]): boolean {
  const least = Math.max(...weights.map((weight, index) => weight / ((places[index] ?? 0) + 0.5)));
  const most = Math.min(
    ...weights.map((weight, index) => {
      const count = places[index] ?? 0;
      return count === 1 ? Number.POSITIVE_INFINITY : weight / (count - 0.5);
    }),
  );
  return least < most;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
