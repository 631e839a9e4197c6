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

  constructor(cutter: FlowCutter) {
    this.#cutter = cutter;
  }

  /** Cuts until the signal fires. */
  run(signal: AbortSignal): Promise<void> {
    return this.#pacer.run(() => this.#cutter.cut(signal), signal);
  }

  /** To be told of every sync that succeeded; returns at once. */
  settled(settlement: Settlement): void {
    if (this.#cutter.settled(settlement)) this.#pacer.request();
  }
}
