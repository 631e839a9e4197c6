/** What the checks of one Service have in common (health § 4): whether any ever succeeded, and how fast endpoints may be ejected. Pure. */

/** So many failed checks without a single success, and the check itself is what is wrong. */
const FAILURES_TO_TELL = 20;
/** The share that may be ejected at once. */
const FREE_SHARE = 0.2;

export class ServiceGroup {
  readonly name: string;
  size = 0;
  down = 0;
  /** Of targets on other nodes. */
  remote = 0;
  hasSucceeded = false;
  #failures = 0;
  #lastEjectedMs = Number.NEGATIVE_INFINITY;

  constructor(name: string) {
    this.name = name;
  }

  /** Another one may be ejected now: beyond a fifth of all, one in each interval. */
  mayEject(nowMs: number, intervalMs: number): boolean {
    return this.down + 1 <= this.size * FREE_SHARE || nowMs - this.#lastEjectedMs >= intervalMs;
  }

  ejected(nowMs: number): void {
    this.down++;
    this.#lastEjectedMs = nowMs;
  }

  /** Returns whether this failure makes it sure that the check is what is wrong. */
  failed(): boolean {
    if (this.hasSucceeded) return false;
    this.#failures++;
    return this.#failures === FAILURES_TO_TELL;
  }

  /** The check counts as what is wrong. */
  get isDoubted(): boolean {
    return !this.hasSucceeded && this.#failures >= FAILURES_TO_TELL;
  }
}
