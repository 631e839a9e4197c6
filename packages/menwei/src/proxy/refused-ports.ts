/**
 * Service ports of which the kernel refused something, and when each is tried again: with growing distance, and for
 * itself, so that one that is never taken costs nobody else anything.
 */

import { retryDelayMs } from '../scheduling/retry.ts';
import type { ServicePortKey } from '../state/service-port.ts';

interface Refused {
  readonly failures: number;
  /** On the clock that the times passed in are of. */
  readonly dueAtMs: number;
}

export class RefusedPorts {
  readonly #maxRetryMs: number;
  readonly #ports = new Map<ServicePortKey, Refused>();

  constructor(maxRetryMs: number) {
    this.#maxRetryMs = maxRetryMs;
  }

  /** Notes how an attempt went for all that took part in it. */
  settle(tried: Iterable<ServicePortKey>, refused: ReadonlySet<ServicePortKey>, nowMs: number): void {
    if (this.#ports.size > 0) {
      for (const key of [...tried]) if (!refused.has(key)) this.#ports.delete(key);
    }
    for (const key of refused) {
      const failures = (this.#ports.get(key)?.failures ?? 0) + 1;
      this.#ports.set(key, {
        failures,
        dueAtMs: nowMs + retryDelayMs(failures, { maxMs: this.#maxRetryMs }),
      });
    }
  }

  keys(): Iterable<ServicePortKey> {
    return this.#ports.keys();
  }

  due(nowMs: number): readonly ServicePortKey[] {
    return [...this.#ports].filter(([, { dueAtMs }]) => dueAtMs <= nowMs).map(([key]) => key);
  }

  /** Until the next one is due; undefined: there is none. */
  nextInMs(nowMs: number): number | undefined {
    if (this.#ports.size === 0) return undefined;
    let dueAtMs = Number.POSITIVE_INFINITY;
    for (const port of this.#ports.values()) dueAtMs = Math.min(dueAtMs, port.dueAtMs);
    return Math.max(0, dueAtMs - nowMs);
  }
}
