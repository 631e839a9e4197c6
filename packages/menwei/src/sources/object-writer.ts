/** What a source that follows a server has found, written into the tables. */
import { type ObjectRef, type Problem, refKey, type WatchedObject } from '../kubernetes/objects.ts';
import type { ReflectorSink } from '../kubernetes/reflector-options.ts';
import type { ObjectTables, StaleObject } from '../state/object-tables.ts';
import type { Origin } from '../state/rivals.ts';

export class ObjectWriter implements ReflectorSink {
  readonly #objects: ObjectTables;
  readonly #origin: Origin;
  readonly report: (problem: Problem) => void;
  /** Objects that could not be used before, and of which nothing was heard since: what was wrong may be forgotten. */
  readonly #formerlyStale: Set<string>;
  /** The same of those with parts that could not be used. */
  readonly #formerlyFlawed: Set<string>;

  /** @param origin where what it writes comes from */
  constructor(objects: ObjectTables, report: (problem: Problem) => void, origin: Origin = '') {
    this.#objects = objects;
    this.#origin = origin;
    this.report = report;
    const isOwn = ([, row]: readonly [string, StaleObject]) => row.origin === origin;
    this.#formerlyStale = new Set([...objects.stale.rows].filter(isOwn).map(([key]) => key));
    this.#formerlyFlawed = new Set([...objects.flawed.rows].filter(isOwn).map(([key]) => key));
  }

  upsert(object: WatchedObject): void {
    for (const { loser, reason } of this.#objects.put(object, this.#origin)) {
      this.#objects.putStale(loser, reason, Date.now(), this.#origin);
      this.report({ object: loser, field: '', message: reason });
    }
  }

  remove(ref: ObjectRef): void {
    this.#objects.delete(ref, this.#origin);
  }

  stale(ref: ObjectRef, reason: string | undefined): void {
    this.#formerlyStale.delete(refKey(ref));
    if (reason === undefined) this.#objects.deleteStale(ref);
    else this.#objects.putStale(ref, reason, Date.now(), this.#origin);
  }

  flawed(ref: ObjectRef, reason: string | undefined): void {
    this.#formerlyFlawed.delete(refKey(ref));
    this.#objects.putFlaw(ref, reason, Date.now(), this.#origin);
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
