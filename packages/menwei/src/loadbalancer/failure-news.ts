/** Which failures of single Services are worth a line of the log: what fails for one fails for thousands, and again and again. */
import { ApiError } from '../kubernetes/api-error.ts';
import type { ObjectKey } from '../state/object-key.ts';

const QUIET_MS = 60_000;

export class FailureNews {
  /** Until then a failure of this kind is none. */
  readonly #quietUntilMs = new Map<string, number>();

  /** An API server that is away, or a right that is missing, concerns all Services. @param nowMs of a clock that nobody sets */
  isNews(service: ObjectKey, error: unknown, nowMs: number): boolean {
    const kind = error instanceof ApiError ? error.failure : `${service} ${String(error)}`;
    for (const [known, untilMs] of this.#quietUntilMs) if (untilMs <= nowMs) this.#quietUntilMs.delete(known);
    if (this.#quietUntilMs.has(kind)) return false;
    this.#quietUntilMs.set(kind, nowMs + QUIET_MS);
    return true;
  }
}
