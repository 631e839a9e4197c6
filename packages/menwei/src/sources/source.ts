/** Where objects come from: one contract for all sources. `following.ts` says which objects, for whom. */
import type { Problem } from '../kubernetes/objects.ts';
import type { ObjectTables } from '../state/object-tables.ts';

/** What every source is told about the process that it works in. */
export interface SourceReports {
  /** Something is wrong with an object, or with a part of it. It is news, each time. */
  readonly report: (problem: Problem) => void;
}

/**
 * Keeps the tables equal to what it reads, until the signal ends it: the full set once, noted in `syncedSources` (and in
 * `syncedLoadBalancing`, where more than a proxy needs is followed), then changes. Retries by itself what can be retried.
 */
export interface ObjectSource {
  /**
   * Rejects only when going on makes no sense (wrong configuration); resolves when the signal fires. A source that has failed
   * may be run again, with the same tables: then what is gone since is removed.
   */
  run(objects: ObjectTables, signal: AbortSignal): Promise<void>;
}
