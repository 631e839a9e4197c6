/** Where Services, EndpointSlices, Nodes and ServiceCIDRs come from: one contract for all sources (design § 3). */
import type { ObjectRef, Problem, WatchedObject } from '../kubernetes/objects.ts';

/** Takes what a source delivers. All methods are synchronous and never throw. */
export interface ObjectSink {
  /** The object is new or has changed. */
  upsert(object: WatchedObject): void;
  /** The object is gone. Removing an unknown object is not an error. */
  remove(ref: ObjectRef): void;
  /** Everything that existed at the start has been delivered. Called once a run. */
  synced(): void;
  /** Something is wrong with an object, or with a part of it. */
  report(problem: Problem): void;
  /**
   * What an object should be now can't be used, and why: its last good version, if there was one, stays in force. Without
   * a reason: it is what it should be again.
   */
  stale(ref: ObjectRef, reason: string | undefined): void;
}

/** Delivers the full set once, then changes, until the signal ends it. Retries by itself what can be retried. */
export interface ObjectSource {
  /**
   * Rejects only when going on makes no sense (wrong configuration); resolves when the signal fires. A source that has failed
   * may be run again, with a sink that knows what the last one was given: then all is delivered once more, and what is gone
   * since is removed.
   */
  run(sink: ObjectSink, signal: AbortSignal): Promise<void>;
}
