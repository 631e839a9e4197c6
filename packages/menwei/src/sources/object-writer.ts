/** What a source that follows a server has found, written into the tables. */
import { type ObjectRef, type Problem, refKey, type WatchedObject } from '../kubernetes/objects.ts';
import type { ReflectorSink } from '../kubernetes/reflector-options.ts';
import type { ObjectTables } from '../state/object-tables.ts';

export class ObjectWriter implements ReflectorSink {
  readonly #objects: ObjectTables;
  readonly report: (problem: Problem) => void;
  /** Objects that could not be used before, and of which nothing was heard since: what was wrong may be forgotten. */
  readonly #formerlyStale: Set<string>;
  /** The same of those with parts that could not be used. */
  readonly #formerlyFlawed: Set<string>;

  constructor(objects: ObjectTables, report: (problem: Problem) => void) {
    this.#objects = objects;
    this.report = report;
    this.#formerlyStale = new Set(objects.stale.rows.keys());
    this.#formerlyFlawed = new Set(objects.flawed.rows.keys());
  }

  upsert(object: WatchedObject): void {
    this.#objects.put(object);
  }

  remove(ref: ObjectRef): void {
    this.#objects.delete(ref);
  }

  stale(ref: ObjectRef, reason: string | undefined): void {
    this.#formerlyStale.delete(refKey(ref));
    if (reason === undefined) this.#objects.deleteStale(ref);
    else this.#objects.putStale(ref, reason, Date.now());
  }

  flawed(ref: ObjectRef, reason: string | undefined): void {
    this.#formerlyFlawed.delete(refKey(ref));
    this.#objects.putFlaw(ref, reason, Date.now());
  }

  /** All objects of a kind have been delivered. */
  listed(kind: WatchedObject['kind']): void {
    for (const key of this.#formerlyFlawed) {
      const ref = this.#objects.flawed.get(key)?.ref;
      if (ref?.kind === kind) this.#objects.putFlaw(ref, undefined, Date.now());
    }
    for (const key of this.#formerlyStale) {
      const ref = this.#objects.stale.get(key)?.ref;
      if (ref?.kind === kind) this.#objects.deleteStale(ref);
    }
  }
}
