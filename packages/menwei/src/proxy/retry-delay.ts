/** How long to wait before what has failed is tried again. */

export const FIRST_RETRY_MS = 1_000;

/** Twice as long with each failure in a row, of which there is at least one. */
export function retryDelayMs(failures: number, maxMs: number, firstMs = FIRST_RETRY_MS): number {
  return Math.min(firstMs * 2 ** (failures - 1), maxMs);
}
