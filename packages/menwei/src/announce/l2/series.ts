/** When the neighbours are told again who has an address: load-balancer § 5.5. */

/** Milliseconds after the beginning: some are lost, or come before a switch has learned where we are. */
const OFFSETS: readonly number[] = [0, 100, 500, 1_100, 2_200, 3_300, 5_000];
const JITTER = 0.1;

/**
 * How long after the one before the next is due, in milliseconds; they may all come a tenth earlier or later.
 *
 * @param told how often they have been told already
 * @param random from 0 to 1
 */
export function delayMs(told: number, refreshMs: number, random: number): number {
  const next = OFFSETS[told];
  const gap = next === undefined ? refreshMs : next - (OFFSETS[told - 1] ?? 0);
  return Math.round(gap * (1 + JITTER * (2 * random - 1)));
}
