/** How many checks may begin: a bucket that fills with time. Pure. */

/** What may begin at once after a pause. */
const BURST_MS = 200;

export class RateBudget {
  #perSecond: number;
  #tokens: number;
  #filledMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#tokens = 0;
    this.#filledMs = nowMs;
  }

  get perSecond(): number {
    return this.#perSecond;
  }

  change(perSecond: number): void {
    this.#perSecond = perSecond;
  }

  fill(nowMs: number): void {
    const most = Math.max(1, (this.#perSecond * BURST_MS) / 1_000);
    this.#tokens = Math.min(most, this.#tokens + ((nowMs - this.#filledMs) * this.#perSecond) / 1_000);
    this.#filledMs = nowMs;
  }

  /** Returns whether one may begin. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
