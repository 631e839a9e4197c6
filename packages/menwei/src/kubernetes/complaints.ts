/** What is wrong with the objects of an API server, as far as it is news. */
import type { Decoded } from './decode.ts';
import { formatProblem, type ObjectRef, type Problem, type WatchedObject } from './objects.ts';

export interface ComplaintSink {
  report(problem: Problem): void;
  stale(ref: ObjectRef, reason: string | undefined): void;
}

export class Complaints {
  readonly #sink: ComplaintSink;
  /** What was last reported of objects that are not as they should be. */
  readonly #reported = new Map<string, string>();
  /** Objects of which a version that can't be used came last. */
  readonly #stale = new Set<string>();

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
  }

  /** The object is gone. */
  forget(key: string): void {
    this.#reported.delete(key);
    this.#stale.delete(key);
  }
}
