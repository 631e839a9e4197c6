/** How long to wait before what has failed is tried again. */
export interface RetryTiming {
  /** After a first failure; a second unless given. */
  readonly firstMs?: number;
  readonly maxMs: number;
}

const FIRST_RETRY_MS = 1_000;

/**
 * Twice as long with each failure in a row, of which there is at least one.
 *
 * @param random a number in [0, 1): the wait lies between half and all of that, so that the nodes of a cluster do not come
 * back in step even at the longest; all of it unless given
 */
export function retryDelayMs(
  failures: number,
  { firstMs = FIRST_RETRY_MS, maxMs }: RetryTiming,
  random: () => number = () => 0,
): number {
  return Math.min(firstMs * 2 ** (failures - 1), maxMs) * (1 - random() / 2);
}
