/**
 * Weights as whole numbers: how many places each endpoint has, so that who chooses a place at random, or one after the
 * other, gives each its share. As few places as can be, and one endpoint that changes leaves all others theirs, mostly.
 */
import type { Endpoint, ServicePort } from '../state/service-port.ts';

/** Endpoints in slow start come to have all of their weight in so many steps. */
export const SLOW_START_STEPS = 10;

/** A share is right if it differs by no more than this part of itself; places that are there already may differ by more. */
const TOLERANCE = 0.01;
const KEPT_TOLERANCE = 0.02;
/** Or as right as is worth it where there are so many places, and so many for each endpoint on the average. */
const LEAST_FINE_PLACES = 256;
const FINE_PLACES_EACH = 4;
/** No service port has more, so that they fit into the maps of each mode. */
const MOST_FINE_PLACES = 100_000;

/** Of endpoints, in their order. */
export interface Weights {
  /** Above 0. */
  readonly weights: readonly number[];
  /** The least that one of them may come to have by slow start; it is to have a place by then. */
  readonly least: number;
  /** How many of {@link SLOW_START_STEPS} each has taken. */
  readonly steps: readonly number[];
}

/** How many places each has. */
interface Places {
  /** Once no slow start is on. */
  readonly whole: readonly number[];
  /** Now. Together as many as `whole`, unless all are in slow start. */
  readonly now: readonly number[];
}

/** What the endpoints weigh; undefined: all the same, and as if nobody had said anything about weights. */
export function weightsOf({ balancing }: ServicePort, endpoints: readonly Endpoint[]): Weights | undefined {
  const weights = endpoints.map(({ weight }) => weight);
  const least = Math.min(...weights);
  const steps = endpoints.map(({ slowStartStep = SLOW_START_STEPS }) => slowStartStep);
  if (balancing.slowStartMs > 0) return { weights, least: least / SLOW_START_STEPS, steps };
  return weights.every((weight) => weight === 1) ? undefined : { weights, least, steps };
}

/** @param present how many each has as `whole`, 0 for newcomers; see {@link apportion} */
export function placesOf(wanted: Weights, present: readonly number[]): Places {
  const whole = apportion(wanted, present);
  return { whole, now: lent(whole, wanted.steps) };
}

/**
 * What endpoints in slow start do not have yet, the others have meanwhile, each in proportion: so the number of all places
 * stays, and a step is one place that changes hands.
 */
function lent(whole: readonly number[], steps: readonly number[]): readonly number[] {
  const own = whole.map((count, index) => {
    return Math.max(1, Math.floor((count * (steps[index] ?? SLOW_START_STEPS)) / SLOW_START_STEPS));
  });
  const spare = sum(whole) - sum(own);
  if (spare === 0) return own;
  const lenders = [...whole.keys()].filter((index) => steps[index] === SLOW_START_STEPS);
  const base = sum(lenders.map((index) => whole[index] ?? 0));
  const quotas = lenders.map((index) => ({ index, quota: (spare * (whole[index] ?? 0)) / base }));
  const shares = own.slice();
  const add = (index: number, count: number) => {
    shares[index] = (shares[index] ?? 0) + count;
  };
  for (const { index, quota } of quotas) add(index, Math.floor(quota));
  // The largest remainders first, in the order of endpoints where they are the same.
  const left = sum(whole) - sum(shares);
  const byRemainder = quotas.toSorted((a, b) => (b.quota % 1) - (a.quota % 1) || a.index - b.index);
  for (const { index } of byRemainder.slice(0, left)) add(index, 1);
  return shares;
}

/**
 * How many places each has. Every share of the places is that of the weight, within 2 % of it; if that takes too many,
 * there are at least 256, and 4 for each endpoint, and weights are rounded to whole places, but not to none.
 *
 * @param present how many each has now, 0 for newcomers: who has the right number keeps it, as long as the places are not
 *   too few to be right, or far more than are worth it
 */
function apportion(wanted: Weights, present: readonly number[]): readonly number[] {
  const { weights } = wanted;
  const unit = unitOf(weights, present);
  if (unit !== undefined) {
    const kept = places(weights, unit);
    if (isFine(kept) || isRight(kept, wanted, KEPT_TOLERANCE)) return kept;
  }
  return fewest(wanted) ?? places(weights, sum(weights) / (2 * finePlaces(weights.length)));
}

function finePlaces(count: number): number {
  return Math.min(MOST_FINE_PLACES, Math.max(LEAST_FINE_PLACES, FINE_PLACES_EACH * count));
}

/** The fewest that are right; undefined: only more than are worth it are. */
function fewest(wanted: Weights): readonly number[] | undefined {
  const { weights, least } = wanted;
  for (let parts = 1; ; parts++) {
    const found = places(weights, least / parts);
    if (sum(found) > 4 * finePlaces(weights.length)) return undefined;
    if (isRight(found, wanted, TOLERANCE)) return found;
  }
}

/** @param unit weight for a place */
function places(weights: readonly number[], unit: number): readonly number[] {
  return weights.map((weight) => Math.max(1, Math.round(weight / unit)));
}

function isFine(found: readonly number[]): boolean {
  const [count, fine] = [sum(found), finePlaces(found.length)];
  return count >= fine && count <= 8 * fine;
}

function isRight(found: readonly number[], { weights, least }: Weights, tolerance: number): boolean {
  const unit = sum(weights) / sum(found);
  if (least / unit < 1 / 2) return false;
  if (sum(found) > 8 * finePlaces(found.length)) return false;
  return found.every((count, index) => {
    const weight = weights[index] ?? 0;
    return Math.abs(count * unit - weight) <= tolerance * weight;
  });
}

/** The weight for a place that explains as many of the present places as can be; of several the largest, for the fewest places. */
function unitOf(weights: readonly number[], present: readonly number[]): number | undefined {
  const ends = weights.flatMap((weight, index) => {
    const count = present[index] ?? 0;
    if (count === 0) return [];
    const upper = count === 1 ? Number.POSITIVE_INFINITY : weight / (count - 0.5);
    return [
      { at: weight / (count + 0.5), step: 1 },
      { at: upper, step: -1 },
    ];
  });
  if (ends.length === 0) return undefined;
  ends.sort((a, b) => a.at - b.at || a.step - b.step);
  let best = { count: 0, unit: 0 };
  let count = 0;
  for (const [index, { at, step }] of ends.entries()) {
    count += step;
    const next = ends[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    if (count >= best.count)
      best = { count, unit: next === Number.POSITIVE_INFINITY ? at * 1.5 : (at + next) / 2 };
  }
  return evened(best.unit, weights, present);
}

/** The same unit, as it is on the average of those that it explains, so that newcomers get what is nearest. */
function evened(unit: number, weights: readonly number[], present: readonly number[]): number {
  const explained = weights.map((weight, index) => {
    return present[index] === Math.max(1, Math.round(weight / unit)) ? weight : 0;
  });
  const count = sum(present.filter((_, index) => (explained[index] ?? 0) > 0));
  const average = sum(explained) / count;
  const isSame = explained.every(
    (weight, index) => weight === 0 || present[index] === Math.max(1, Math.round(weight / average)),
  );
  return isSame ? average : unit;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
