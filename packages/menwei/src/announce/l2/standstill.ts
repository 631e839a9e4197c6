/**
 * Notices that this process did not run for a while: it was stopped, its machine was paused, or something held it up. What it is
 * about to do was decided before that, and the questions that it finds in its queue were asked before that.
 */
export class Standstill {
  readonly #longMs: number;
  readonly #nowMs: () => number;
  #lastMs: number;

  /** @param longMs what is shorter does not matter */
  constructor(longMs: number, nowMs: () => number = () => performance.now()) {
    this.#longMs = longMs;
    this.#nowMs = nowMs;
    this.#lastMs = nowMs();
  }

  /** It has to be asked so often. */
  get lookEveryMs(): number {
    return Math.min(1_000, this.#longMs / 4);
  }

  /** Whether there was one since it was asked last. */
  isOver(): boolean {
    const before = this.#lastMs;
    this.#lastMs = this.#nowMs();
    return this.#lastMs - before >= this.#longMs;
  }
}
