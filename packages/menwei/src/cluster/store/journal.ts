/** The contract of what makes a local store durable. */
import type { StoreEvent } from './store.ts';

/** What one commit writes. */
export interface JournalBatch {
  /** In the order of their revisions, which follow those of the batch before. */
  readonly events: readonly StoreEvent[];
  /** The last revision of the batch before that was written: what the journal has beyond it is not to be there. */
  readonly base: number;
  /** Revisions up to this one are given away from now on, also to what is not in the journal yet. */
  readonly reserve?: number;
}

/** The queue of commits is its one caller. */
export interface Journal {
  /** Resolves when it is durable, with undefined; else with why it is not. One batch at a time. */
  write(batch: JournalBatch): Promise<string | undefined>;
  /** Whether writes work again, with an empty write. */
  probe(base: number): Promise<string | undefined>;
  /** Nothing else will be written. @param revision the last one given away */
  close(revision: number): Promise<void>;
}
