/** What is wrong with the objects of an API server, as far as it is news. */
import type { Decoded } from './decode.ts';
import {
  formatProblem,
  type ObjectRef,
  type Problem,
  summarizeProblems,
  type WatchedObject,
} from './objects.ts';

export interface ComplaintSink {
  report(problem: Problem): void;
  /** Whether the newest version of an object can't be used, and why. */
  stale(ref: ObjectRef, reason: string | undefined): void;
  /** Whether parts of the newest version are left out, and why. */
  flawed(ref: ObjectRef, reason: string | undefined): void;
}

export class Complaints {
  readonly #sink: ComplaintSink;
  /** What was last reported of objects that are not as they should be. */
  readonly #reported = new Map<string, string>();
  /** Objects of which a version that can't be used came last. */
  readonly #stale = new Set<string>();
  /** Objects whose newest version is in force in part. */
  readonly #flawed = new Set<string>();

  constructor(sink: ComplaintSink) {
    this.#sink = sink;
  }

  /** What is wrong is said once, however often the object is written, and again after it has been right. */
  tell(key: string, ref: ObjectRef, { object, problems }: Decoded<WatchedObject>): void {
    const text = problems.map(formatProblem).join('; ');
    if (text !== this.#reported.get(key)) for (const problem of problems) this.#sink.report(problem);
    if (problems.length === 0) this.#reported.delete(key);
    else this.#reported.set(key, text);
    const wasStale = this.#stale.delete(key);
    if (object === undefined && problems.length > 0) {
      this.#stale.add(key);
      this.#sink.stale(ref, text);
    } else if (wasStale) this.#sink.stale(ref, undefined);
    const wasFlawed = this.#flawed.delete(key);
    if (object !== undefined && problems.length > 0) {
      this.#flawed.add(key);
      this.#sink.flawed(ref, summarizeProblems(problems));
    } else if (wasFlawed) this.#sink.flawed(ref, undefined);
  }

  /** The object is gone. */
  forget(key: string): void {
    this.#reported.delete(key);
    this.#stale.delete(key);
    this.#flawed.delete(key);
  }
}
