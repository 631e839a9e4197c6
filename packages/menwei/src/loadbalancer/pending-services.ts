/**
 * Services that stay without what they ask for: `kubectl describe` is to say why, also when that came about without anything
 * being done for them, and after the API server has forgotten what it was told. A restart is no reason to tell.
 */
import type { ObjectKey } from '../state/object-key.ts';

/** Most of it passes by itself: an address is announced a moment after it was given. */
const SETTLE_MS = 10_000;
/** An API server keeps events for an hour. */
const AGAIN_MS = 55 * 60_000;

export class PendingServices {
  readonly #reasons = new Map<ObjectKey, string>();
  /** When they are to be told; each in the order of these times, since all wait equally long. */
  readonly #soon = new Map<ObjectKey, number>();
  readonly #again = new Map<ObjectKey, number>();

  /**
   * @param reason undefined: it has what it asks for
   * @param isUntold it is news, and nobody has told it
   */
  note(key: ObjectKey, reason: string | undefined, isUntold: boolean, nowMs: number): void {
    if (this.#reasons.get(key) === reason) return;
    this.#soon.delete(key);
    this.#again.delete(key);
    if (reason === undefined) {
      this.#reasons.delete(key);
      return;
    }
    this.#reasons.set(key, reason);
    if (isUntold) this.#soon.set(key, nowMs + SETTLE_MS);
    else this.#again.set(key, nowMs + AGAIN_MS);
  }

  /** Those that are to be told now. */
  take(nowMs: number): readonly ObjectKey[] {
    const due: ObjectKey[] = [];
    for (const waiting of [this.#soon, this.#again]) {
      for (const [key, dueMs] of waiting) {
        if (dueMs > nowMs) break;
        waiting.delete(key);
        due.push(key);
      }
    }
    for (const key of due) this.#again.set(key, nowMs + AGAIN_MS);
    return due;
  }

  /** Infinite: none is. */
  get nextDueMs(): number {
    const [soon = Number.POSITIVE_INFINITY] = this.#soon.values();
    const [again = Number.POSITIVE_INFINITY] = this.#again.values();
    return Math.min(soon, again);
  }
}
