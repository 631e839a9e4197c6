/** When stale flows are cut: right after the sync that made them so, beside all that comes next. */
import type { FlowCutter, Settlement } from '../conntrack/flow-cutter.ts';
import { Pacer } from './pacer.ts';

const MAX_RETRY_MS = 60_000;

export class FlowCutting {
  readonly #cutter: FlowCutter;
  readonly #pacer = new Pacer({
    minIntervalMs: 0,
    maxIntervalMs: Number.POSITIVE_INFINITY,
    retry: { maxMs: MAX_RETRY_MS },
  });

  /** Something was noted that no cut has taken care of. */
  #isOutstanding = false;

  constructor(cutter: FlowCutter) {
    this.#cutter = cutter;
  }

  /** Cuts until the signal fires; when it is begun again, with what the last run has left. */
  run(signal: AbortSignal): Promise<void> {
    if (this.#isOutstanding) this.#pacer.request();
    return this.#pacer.run(() => this.#cut(signal), signal);
  }

  /** To be told of every sync that succeeded; returns at once. */
  settled(settlement: Settlement): void {
    if (!this.#cutter.settled(settlement)) return;
    this.#isOutstanding = true;
    this.#pacer.request();
  }

  async #cut(signal: AbortSignal): Promise<boolean> {
    this.#isOutstanding = false;
    try {
      const isDone = await this.#cutter.cut(signal);
      this.#isOutstanding ||= !isDone;
      return isDone;
    } catch (error) {
      this.#isOutstanding = true;
      throw error;
    }
  }
}
