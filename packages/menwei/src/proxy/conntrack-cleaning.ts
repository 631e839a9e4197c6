/** When stale conntrack entries are deleted: right after the sync that made them stale, beside all that comes next. */
import { type AppliedChanges, type CleanerOptions, ConntrackCleaner } from '../conntrack/cleaner.ts';
import type { FamilyTables, RemovalRow } from '../state/family-tables.ts';
import type { Reader } from '../state/reader.ts';
import type { AppliedPort, ServicePortKey } from '../state/service-port.ts';
import type { SyncRow } from '../state/sync-row.ts';
import { Pacer } from './pacer.ts';

const MAX_RETRY_MS = 60_000;

export interface ConntrackCleaningOptions extends CleanerOptions {
  readonly tables: Pick<FamilyTables, 'family' | 'applied' | 'syncs' | 'removals'>;
}

/** A reader of what the kernel was given. */
export class ConntrackCleaning {
  readonly #options: ConntrackCleaningOptions;

  constructor(options: ConntrackCleaningOptions) {
    this.#options = options;
  }

  /** Cleans until the signal fires. What was applied before it began counts as new. */
  async run(signal: AbortSignal): Promise<void> {
    const { tables } = this.#options;
    const cleaner = new ConntrackCleaner(this.#options);
    const pacer = new Pacer({
      minIntervalMs: 0,
      maxIntervalMs: Number.POSITIVE_INFINITY,
      retry: { maxMs: MAX_RETRY_MS },
    });
    const follow = () => {
      if (this.#note(reader, cleaner)) pacer.request();
    };
    const reader = new AppliedChangesReader(tables, follow);
    follow();
    try {
      await pacer.run(() => cleaner.clean(signal), signal);
    } finally {
      reader.close();
    }
  }

  /**
   * Right after each sync: entries of an endpoint that came and went in between would be left. Returns whether there is
   * something to clean.
   */
  #note(reader: AppliedChangesReader, cleaner: ConntrackCleaner): boolean {
    const changes = reader.take();
    if (changes === undefined) return false;
    try {
      return cleaner.note(changes);
    } catch (error) {
      reader.giveBack(changes);
      const { family, logger } = this.#options;
      logger.error(
        { family, err: error },
        'cleaning of conntrack entries could not be prepared; retrying after the next sync',
      );
      return false;
    }
  }
}

/** What the syncs did since they were last asked for, in one. */
class AppliedChangesReader {
  readonly #tables: ConntrackCleaningOptions['tables'];
  readonly #applied: Reader<AppliedPort>;
  readonly #syncs: Reader<SyncRow>;
  readonly #removals: Reader<RemovalRow>;
  readonly #untold = new Map<ServicePortKey, AppliedPort | undefined>();
  #fullCount = 0;
  #isComplete = false;

  constructor(tables: ConntrackCleaningOptions['tables'], onSync: () => void) {
    this.#tables = tables;
    // Not told of each row: what one sync has applied belongs together.
    this.#applied = tables.applied.reader();
    this.#syncs = tables.syncs.reader(onSync);
    this.#removals = tables.removals.reader(onSync);
  }

  /** Undefined: the last sync has failed, or there was none. */
  take(): AppliedChanges | undefined {
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

  giveBack({ ports, complete }: AppliedChanges): void {
    for (const [key, port] of ports) this.#untold.set(key, port);
    this.#isComplete ||= complete;
  }

  close(): void {
    for (const reader of [this.#applied, this.#syncs, this.#removals]) reader.close();
  }
}
