/**
 * Time in which a node that renews its Lease would have been seen to do so. It stands still while the API server can't be
 * reached, or what it tells does not arrive: then nothing is known of others, and that is not to be taken for their end
 * (load-balancer § 5.2).
 */
export class LeaseClock {
  readonly #longestStepMs: number;
  #provenMs = 0;
  #lastMs: number | undefined;

  /**
   * @param longestStepMs from one own renewal that was seen to the next; where it takes longer, there was a gap, in which others
   * could not renew theirs either
   */
  constructor(longestStepMs: number) {
    this.#longestStepMs = longestStepMs;
  }

  /** Until when it is proven that what others write is seen, on this clock. */
  get provenMs(): number {
    return this.#provenMs;
  }

  /** When that was, on the clock that {@link prove} is told of; undefined: it never was. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  /** An own renewal that was sent at this time has come back with what others have written. */
  prove(sentAtMs: number): void {
    const stepMs = this.#lastMs === undefined ? 0 : sentAtMs - this.#lastMs;
    if (stepMs < 0) return;
    if (stepMs <= this.#longestStepMs) this.#provenMs += stepMs;
    this.#lastMs = sentAtMs;
  }

  /** What this clock will say when this moment is proven. */
  at(nowMs: number): number {
    const stepMs = this.#lastMs === undefined ? 0 : nowMs - this.#lastMs;
    return this.#provenMs + Math.max(0, Math.min(stepMs, this.#longestStepMs));
  }
}
