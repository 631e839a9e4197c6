/** The source of the objects as a component: it lists anew each time it runs, and what was wrong before is forgotten then. */
import { type ObjectRef, refKey } from '../kubernetes/objects.ts';
import type { ObjectSink, ObjectSource } from '../sources/source.ts';
import type { Component } from './component.ts';

export class SourceRuns {
  readonly #source: ObjectSource;
  readonly #sink: ObjectSink;
  /** Objects that could not be used as they were last, by `refKey`. */
  readonly #stale = new Map<string, ObjectRef>();

  constructor(source: ObjectSource, sink: ObjectSink) {
    this.#source = source;
    this.#sink = sink;
  }

  component(): Component {
    return { name: 'source', onFailure: 'restart', run: (signal, ready) => this.#run(signal, ready) };
  }

  #run(signal: AbortSignal, ready: () => void): Promise<void> {
    const sink = this.#sink;
    const untold = new Map(this.#stale);
    return this.#source.run(
      {
        upsert: (object) => sink.upsert(object),
        remove: (ref) => {
          this.#stale.delete(refKey(ref));
          sink.remove(ref);
        },
        synced: () => {
          for (const ref of untold.values()) this.#tellStale(ref, undefined);
          sink.synced();
          ready();
        },
        report: (problem) => sink.report(problem),
        stale: (ref, reason) => {
          untold.delete(refKey(ref));
          this.#tellStale(ref, reason);
        },
      },
      signal,
    );
  }

  #tellStale(ref: ObjectRef, reason: string | undefined): void {
    if (reason === undefined) this.#stale.delete(refKey(ref));
    else this.#stale.set(refKey(ref), ref);
    this.#sink.stale(ref, reason);
  }
}
