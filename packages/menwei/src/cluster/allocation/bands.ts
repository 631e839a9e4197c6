/**
 * Where in a pool to look for something free: numbers that users choose themselves are best taken from the low band, for what is
 * chosen here comes from above it while there is something (cluster § 9.5, 9.6).
 */

/** How wide the low band is, for a pool of a size. */
export interface BandRule {
  readonly step: number;
  readonly max: number;
}

const MIN_OFFSET = 16;

export function staticOffset(size: number, { step, max }: BandRule): number {
  if (size <= MIN_OFFSET) return 0;
  return Math.min(Math.max(MIN_OFFSET, Math.floor(size / step)), max);
}

/** At least 0, below 1. */
export type Random = () => number;

/** `[from, end)`, in the order in which to look through them: the upper band from a random place on and around, then the lower. */
export function* spans(size: number, offset: number, random: Random): Generator<readonly [number, number]> {
  yield* around(offset, size, random);
  yield* around(0, Math.min(offset, size), random);
}

function* around(from: number, end: number, random: Random): Generator<readonly [number, number]> {
  if (from >= end) return;
  const start = from + Math.floor(random() * (end - from));
  yield [start, end];
  if (start > from) yield [from, start];
}
