/** When to run, for a sync (spec § 11) and the like: many requests become one run, runs keep a distance, failed ones are repeated. */
import { InterruptiblePause, pause } from './pause.ts';
import { type RetryTiming, retryDelayMs } from './retry.ts';

export interface PacerOptions {
  /** From the end of a run to the start of the next, at least. */
  readonly minIntervalMs: number;
  /** From the end of a run to the next one that nobody asked for. */
  readonly maxIntervalMs: number;
  /** After a failure. */
  readonly retry: RetryTiming;
}

export class Pacer {
  readonly #options: PacerOptions;
  #requested = false;
  #urgent = false;
  readonly #idle = new InterruptiblePause();
  readonly #distance = new InterruptiblePause();

  /** @param options looked at after each run */
  constructor(options: PacerOptions) {
    this.#options = options;
  }

  /** Asks for a run. Requests that come while one is on lead to one more. An urgent one halves the distance to keep. */
  request({ urgent = false } = {}): void {
    this.#requested = true;
    if (urgent) {
      this.#urgent = true;
      this.#distance.end();
    }
    this.#idle.end();
  }

  /**
   * Runs `work` as requested, one at a time, until the signal fires. `work` tells by its result whether it
   * succeeded; a failure is repeated with growing distance until a run succeeds, also the first one (KQ-14).
   */
  async run(work: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    let failures = 0;
    await this.#untilRequested(Number.POSITIVE_INFINITY, signal);
    while (!signal.aborted) {
      this.#requested = false;
      this.#urgent = false;
      failures = (await work()) ? 0 : failures + 1;
      // They may be others than before.
      const { minIntervalMs, maxIntervalMs, retry } = this.#options;
      await this.#keepDistance(minIntervalMs, signal);
      const nextInMs = failures === 0 ? maxIntervalMs : retryDelayMs(failures, retry);
      await this.#untilRequested(Math.min(nextInMs, maxIntervalMs) - minIntervalMs, signal);
    }
  }

  async #keepDistance(durationMs: number, signal: AbortSignal): Promise<void> {
    await pause(durationMs / 2, signal);
    if (this.#urgent) return;
    await this.#distance.wait(durationMs / 2, signal);
  }

  async #untilRequested(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#requested) await this.#idle.wait(timeoutMs, signal);
  }
}
