/** How long it takes from a change in the cluster to the answers that follow from it. */
import type { Histogram } from '../../metrics/series.ts';
import { untilAborted } from '../../scheduling/pause.ts';
import type { ObjectTables } from '../../state/object-tables.ts';
import type { Reader } from '../../state/reader.ts';
import type { StoredSlice } from '../../state/stored-slice.ts';

type Slices = Pick<ObjectTables, 'endpointSlices'>;

export class ProgrammingTimes {
  readonly #tables: Slices;
  readonly #histogram: Pick<Histogram<never>, 'observe'>;
  readonly #sinceMs = Date.now();

  constructor(tables: Slices, histogram: Pick<Histogram<never>, 'observe'>) {
    this.#tables = tables;
    this.#histogram = histogram;
  }

  /** A slice is in the answers as soon as it is in the tables: names are looked up there. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    let isDue = false;
    const reader: Reader<StoredSlice> = this.#tables.endpointSlices.reader(() => {
      // Once for all that came together.
      if (isDue) return;
      isDue = true;
      queueMicrotask(() => {
        isDue = false;
        this.#observe(reader);
      });
    });
    reader.take();
    ready();
    await untilAborted(signal);
    reader.close();
  }

  #observe(reader: Reader<StoredSlice>): void {
    const nowMs = Date.now();
    for (const { before, after } of reader.take()) {
      const triggerMs = after?.lastChangeTriggerTimeMs ?? 0;
      // What was there before this process was is no change that it has followed.
      if (triggerMs < this.#sinceMs || triggerMs === before?.lastChangeTriggerTimeMs) continue;
      this.#histogram.observe({}, Math.max(0, nowMs - triggerMs) / 1000);
    }
  }
}
