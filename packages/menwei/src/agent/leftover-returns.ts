/**
 * How often rules of another proxy came back after they had been removed, and when they may be removed again. Two proxies that
 * remove each other's rules for ever help nobody: the waits double, up to a quarter of an hour.
 */
const FIRST_HOLD_MS = 10_000;
const LONGEST_HOLD_MS = 15 * 60_000;

export class LeftoverReturns {
  #count = 0;
  /** In a row, without a long time of peace in between. */
  #streak = 0;
  #isClean = false;
  #holdUntilMs = 0;
  #lastReturnMs = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  mayRemove(nowMs: number): boolean {
    return nowMs >= this.#holdUntilMs;
  }

  /** Another proxy probably still makes them. */
  isRecent(nowMs: number): boolean {
    return this.#count > 0 && nowMs < this.#lastReturnMs + 2 * this.#holdMs();
  }

  /**
   * What a search came to. @param found there was something; @param left some of it still is. Returns whether rules have come
   * back.
   */
  note(found: boolean, left: boolean, nowMs: number): boolean {
    const isReturn = found && this.#isClean;
    if (isReturn) {
      if (nowMs > this.#lastReturnMs + LONGEST_HOLD_MS + this.#holdMs()) this.#streak = 0;
      this.#count += 1;
      this.#streak += 1;
      this.#lastReturnMs = nowMs;
    }
    if (found && !left && this.#streak > 0) this.#holdUntilMs = nowMs + this.#holdMs();
    this.#isClean = !left;
    return isReturn;
  }

  #holdMs(): number {
    return Math.min(LONGEST_HOLD_MS, FIRST_HOLD_MS * 2 ** Math.max(0, this.#streak - 1));
  }
}
