/** When stale conntrack entries are deleted: right after the sync that made them stale, beside all that comes next. */

import { Pacer } from '../scheduling/pacer.ts';
import type { NodeView } from '../services/node-view.ts';
import type { FamilyTables, RemovalRow } from '../state/family-tables.ts';
import type { Reader } from '../state/reader.ts';
import type { AppliedPort, ServicePortKey } from '../state/service-port.ts';
import type { SyncRow } from '../state/sync-row.ts';
import {
  type AppliedChanges,
  type CleanerOptions,
  type CleaningResult,
  ConntrackCleaner,
} from './cleaner.ts';
import { hasEntries } from './entry-kind.ts';

const MAX_RETRY_MS = 60_000;
/** While endpoints leave all the time, searches for entries that nobody has answered take a fifth of a processor at most. */
const REST = 4;
const MAX_REST_MS = 1000;

interface ConntrackCleaningOptions extends CleanerOptions {
  readonly tables: Pick<FamilyTables, 'family' | 'applied' | 'syncs' | 'removals'>;
  /** How the node looks now. */
  readonly nodeView: () => NodeView;
}

type Ports = Map<ServicePortKey, AppliedPort | undefined>;

/** A reader of what the kernel was given. What nobody has cleaned up after yet outlives a run that fails. */
export class ConntrackCleaning {
  readonly #options: ConntrackCleaningOptions;
  /** Those with entries of the kind, as they were when that was done last. */
  readonly #cleaned = new Map<ServicePortKey, AppliedPort>();
  /** What has changed since. */
  #uncleaned: Ports = new Map();

  constructor(options: ConntrackCleaningOptions) {
    this.#options = options;
  }

  /** Cleans until the signal fires. What was applied before the first run counts as new. */
  async run(signal: AbortSignal): Promise<void> {
    const { tables } = this.#options;
    const rest = new Rest(this.#options);
    const cleaner = new ConntrackCleaner({ ...this.#options, onCleaned: rest.onCleaned });
    const pacer = new Pacer({
      get minIntervalMs() {
        return rest.durationMs;
      },
      maxIntervalMs: Number.POSITIVE_INFINITY,
      retry: { maxMs: MAX_RETRY_MS },
    });
    const follow = () => {
      if (this.#note(reader, cleaner)) pacer.request();
    };
    const reader = new AppliedChangesReader(tables, this.#takeOver(cleaner), follow);
    follow();
    try {
      await pacer.run(() => this.#clean(cleaner, signal), signal);
    } finally {
      reader.close();
    }
  }

  /** Tells what the last run knew; returns which service ports these were. */
  #takeOver(cleaner: ConntrackCleaner): Iterable<ServicePortKey> {
    const { tables } = this.#options;
    // Of one that came after the last cleaning, and may be gone, nobody else knows.
    for (const [key, port] of this.#uncleaned) if (!this.#cleaned.has(key)) this.#remember(key, port);
    this.#uncleaned = new Map();
    const sync = tables.syncs.get(tables.family);
    if (sync !== undefined) cleaner.note({ ports: this.#cleaned, node: this.#nodeAt(sync), complete: false });
    return this.#cleaned.keys();
  }

  async #clean(cleaner: ConntrackCleaner, signal: AbortSignal): Promise<boolean> {
    const covered = this.#uncleaned;
    this.#uncleaned = new Map();
    let isDone = false;
    try {
      isDone = await cleaner.clean(signal);
    } finally {
      if (!isDone) this.#uncleaned = new Map([...covered, ...this.#uncleaned]);
    }
    if (isDone) for (const [key, port] of covered) this.#remember(key, port);
    return isDone;
  }

  #remember(key: ServicePortKey, port: AppliedPort | undefined): void {
    if (port !== undefined && hasEntries(this.#options, port)) this.#cleaned.set(key, port);
    else this.#cleaned.delete(key);
  }

  #nodeAt({ nodePortAddresses }: SyncRow): NodeView {
    return { ...this.#options.nodeView(), nodePortAddresses };
  }

  /**
   * Right after each sync: entries of an endpoint that came and went in between would be left. Returns whether there is
   * something to clean.
   */
  #note(reader: AppliedChangesReader, cleaner: ConntrackCleaner): boolean {
    const changes = reader.take();
    if (changes === undefined) return false;
    try {
      const isDue = cleaner.note({ ...changes, node: this.#nodeAt(changes.sync) });
      for (const [key, port] of changes.ports) {
        const lasts = port !== undefined && hasEntries(this.#options, port);
        if (lasts || this.#cleaned.has(key) || this.#uncleaned.has(key)) this.#uncleaned.set(key, port);
      }
      return isDue;
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

/** The distance between two cleanings. */
class Rest {
  readonly #options: ConntrackCleaningOptions;
  durationMs = 0;

  constructor(options: ConntrackCleaningOptions) {
    this.#options = options;
  }

  readonly onCleaned = (result: CleaningResult): void => {
    if (this.#options.kind === 'unreplied')
      this.durationMs = Math.min(result.seconds * 1000 * REST, MAX_REST_MS);
    this.#options.onCleaned?.(result);
  };
}

interface SyncedChanges extends Omit<AppliedChanges, 'node'> {
  /** The last one. */
  readonly sync: SyncRow;
}

/** What the syncs did since they were last asked for, in one. */
class AppliedChangesReader {
  readonly #tables: ConntrackCleaningOptions['tables'];
  readonly #applied: Reader<AppliedPort>;
  readonly #syncs: Reader<SyncRow>;
  readonly #removals: Reader<RemovalRow>;
  readonly #untold: Ports;
  #fullCount = 0;
  #isComplete = false;

  /** @param former service ports that may be gone */
  constructor(
    tables: ConntrackCleaningOptions['tables'],
    former: Iterable<ServicePortKey>,
    onSync: () => void,
  ) {
    this.#tables = tables;
    this.#untold = new Map(Array.from(former, (key) => [key, undefined]));
    // Not told of each row: what one sync has applied belongs together.
    this.#applied = tables.applied.reader();
    this.#syncs = tables.syncs.reader(onSync);
    this.#removals = tables.removals.reader(onSync);
  }

  /** Undefined: the last sync has failed, or there was none. */
  take(): SyncedChanges | undefined {
    const { syncs, family } = this.#tables;
    this.#syncs.take();
    if (this.#removals.take().length > 0) this.#isComplete = true;
    const sync = syncs.get(family);
    if (sync?.ok !== true) return undefined;
    for (const { key, after } of this.#applied.take()) this.#untold.set(key, after);
    const complete = this.#isComplete || sync.fullCount !== this.#fullCount;
    const ports = new Map(this.#untold);
    this.#untold.clear();
    this.#fullCount = sync.fullCount;
    this.#isComplete = false;
    return { ports, sync, complete };
  }

  giveBack({ ports, complete }: SyncedChanges): void {
    for (const [key, port] of ports) this.#untold.set(key, port);
    this.#isComplete ||= complete;
  }

  close(): void {
    for (const reader of [this.#applied, this.#syncs, this.#removals]) reader.close();
  }
}
