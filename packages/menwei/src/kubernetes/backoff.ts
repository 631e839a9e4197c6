/**
 * Jittered exponential waiting. Start and cap are those of client-go's reflector; each wait lies between half and
 * all of its base, so that the nodes of a cluster do not come back in step even at the cap.
 */

export interface BackoffTiming {
  readonly startMs: number;
  readonly capMs: number;
}

export const REFLECTOR_BACKOFF: BackoffTiming = { startMs: 800, capMs: 30_000 };

export class Backoff {
  readonly #timing: BackoffTiming;
  readonly #random: () => number;
  #baseMs: number;

  /** @param random a number in [0, 1) */
  constructor(timing: BackoffTiming, random: () => number = Math.random) {
    this.#timing = timing;
    this.#random = random;
    this.#baseMs = timing.startMs;
  }

  /** How long to wait now: up to the cap, at least what the server asked for. Doubles from call to call. */
  nextMs(retryAfterMs = 0): number {
    const waitMs = this.#baseMs * (1 - this.#random() / 2);
    this.#baseMs = Math.min(this.#baseMs * 2, this.#timing.capMs);
    return Math.max(waitMs, retryAfterMs);
  }

  reset(): void {
    this.#baseMs = this.#timing.startMs;
  }
}
