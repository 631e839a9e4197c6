/** When stale flows are cut: right after the sync that made them so, beside all that comes next. */
import { FlowCutter, type FlowCutterOptions, type Settlement } from '../conntrack/flow-cutter.ts';
import type { FamilyTables, RemovalRow } from '../state/family-tables.ts';
import type { Reader } from '../state/reader.ts';
import type { AppliedPort, ServicePortKey } from '../state/service-port.ts';
import type { SyncRow } from '../state/sync-row.ts';
import { Pacer } from './pacer.ts';

const MAX_RETRY_MS = 60_000;

export interface FlowCuttingOptions extends FlowCutterOptions {
  readonly tables: Pick<FamilyTables, 'family' | 'applied' | 'syncs' | 'removals'>;
}

/** A reader of what the kernel was given. */
export class FlowCutting {
  readonly #options: FlowCuttingOptions;

  constructor(options: FlowCuttingOptions) {
    this.#options = options;
  }

  /** Cuts until the signal fires. What was applied before it began counts as new. */
  async run(signal: AbortSignal): Promise<void> {
    const { tables } = this.#options;
    const cutter = new FlowCutter(this.#options);
    const pacer = new Pacer({
      minIntervalMs: 0,
      maxIntervalMs: Number.POSITIVE_INFINITY,
      retry: { maxMs: MAX_RETRY_MS },
    });
    const follow = () => {
      if (this.#note(settlements, cutter)) pacer.request();
    };
    const settlements = new Settlements(tables, follow);
    follow();
    try {
      await pacer.run(() => cutter.cut(signal), signal);
    } finally {
      settlements.close();
    }
  }

  /**
   * Right after each sync: of an endpoint that came and went between two looks, flows would be left. Returns whether there
   * is something to cut.
   */
  #note(settlements: Settlements, cutter: FlowCutter): boolean {
    const settlement = settlements.take();
    if (settlement === undefined) return false;
    try {
      return cutter.settled(settlement);
    } catch (error) {
      settlements.giveBack(settlement);
      const { family, logger } = this.#options;
      logger.error(
        { family, err: error },
        'work that follows a sync could not be started; retrying after the next one',
      );
      return false;
    }
  }
}

/** What the syncs did since they were last asked for, in one. */
class Settlements {
  readonly #tables: FlowCuttingOptions['tables'];
  readonly #applied: Reader<AppliedPort>;
  readonly #syncs: Reader<SyncRow>;
  readonly #removals: Reader<RemovalRow>;
  readonly #untold = new Map<ServicePortKey, AppliedPort | undefined>();
  #fullCount = 0;
  #isComplete = false;

  constructor(tables: FlowCuttingOptions['tables'], onSync: () => void) {
    this.#tables = tables;
    // Not told of each row: what one sync has applied belongs together.
    this.#applied = tables.applied.reader();
    this.#syncs = tables.syncs.reader(onSync);
    this.#removals = tables.removals.reader(onSync);
  }

  /** Undefined: the last sync has failed, or there was none. */
  take(): Settlement | undefined {
    const { syncs, family } = this.#tables;
    this.#syncs.take();
    if (this.#removals.take().length > 0) this.#isComplete = true;
    const node = syncs.get(family);
    if (node?.ok !== true) return undefined;
    for (const { key, after } of this.#applied.take()) this.#untold.set(key, after);
    const complete = this.#isComplete || node.fullCount !== this.#fullCount;
    const ports = new Map(this.#untold);
    this.#untold.clear();
    this.#fullCount = node.fullCount;
    this.#isComplete = false;
    return { ports, node, complete };
  }

  giveBack({ ports, complete }: Settlement): void {
    for (const [key, port] of ports) this.#untold.set(key, port);
    this.#isComplete ||= complete;
  }

  close(): void {
    for (const reader of [this.#applied, this.#syncs, this.#removals]) reader.close();
  }
}
