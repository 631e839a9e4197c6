/** A transaction while its work runs. */
import type { ApiObject } from '../schema/object.ts';
import { asDeleted, type FieldsOf, makeStored, textOf } from './encoding.ts';
import { makeKey, type Objects } from './objects.ts';
import type { IndexName, StoredObject, StoreEvent, Transaction } from './store.ts';

/** What the store is after a transaction. */
export interface Version {
  readonly objects: Objects;
  /** Of the last write. */
  readonly revision: number;
}

/** What a store begins with. */
export interface StoreStart extends Version {
  /** The revision before the first of the events. */
  readonly floor: number;
  /** What led to the version, as far as it is known. */
  readonly events: readonly StoreEvent[];
  /** The last revision of which anything is known; those after it, up to the version's, may have been used and lost. */
  readonly lastKnown: number;
}

/** A transaction that has been run. */
export interface Written extends Version {
  /** What it did, in order; none if it changed nothing. */
  readonly events: readonly StoreEvent[];
}

interface DraftOptions {
  readonly fieldsOf: FieldsOf;
  /** How many Events are kept; the oldest ones go. */
  readonly maxEvents: number;
}

/** Runs transactions, one at a time. */
export class TransactionRunner {
  readonly #options: DraftOptions;
  #isAtWork = false;

  constructor(options: DraftOptions) {
    this.#options = options;
  }

  /** Runs the work against a version and gives what comes of it. Throws what the work throws. */
  run<Result>(base: Version, work: (transaction: Transaction) => Result): Run<Result> {
    if (this.#isAtWork) throw new Error('BUG: a transaction inside of another one');
    this.#isAtWork = true;
    const draft = new Draft(base, this.#options);
    try {
      const result = work(draft);
      if (result instanceof Promise) throw new Error('BUG: the work of a transaction waits for something');
      return { result, written: draft.finish() };
    } finally {
      draft.end();
      this.#isAtWork = false;
    }
  }
}

export interface Run<Result> {
  readonly result: Result;
  readonly written: Written;
}

class Draft implements Transaction {
  readonly #options: DraftOptions;
  readonly #events: StoreEvent[] = [];
  #current: Objects;
  #revision: number;
  #hasEnded = false;

  constructor({ objects, revision }: Version, options: DraftOptions) {
    this.#current = objects;
    this.#revision = revision;
    this.#options = options;
  }

  get(resource: string, namespace: string, name: string): StoredObject | undefined {
    return this.#objects.get(resource, namespace, name);
  }

  list(resource: string, namespace?: string): Iterable<StoredObject> {
    return this.#objects.list(resource, namespace);
  }

  count(resource: string, namespace?: string): number {
    return this.#objects.count(resource, namespace);
  }

  ownedBy(uid: string): Iterable<StoredObject> {
    return this.#objects.ownedBy(uid);
  }

  listBy(resource: string, index: IndexName, value: string): Iterable<StoredObject> {
    return this.#objects.listBy(resource, index, value);
  }

  put(resource: string, object: ApiObject): StoredObject {
    const { namespace = '', name = '' } = object.metadata;
    if (name === '') throw new Error(`BUG: an object of ${resource} without a name`);
    const old = this.get(resource, namespace, name);
    const text = textOf(object);
    if (old?.bytes.equals(Buffer.from(text(old.revision)))) return old;
    const revision = this.#revision + 1;
    const stored = makeStored(resource, object, revision, text(revision), this.#options.fieldsOf);
    this.#note({ type: old === undefined ? 'ADDED' : 'MODIFIED', revision, object: stored, old });
    this.#current = this.#current.with(stored);
    return stored;
  }

  delete(resource: string, namespace: string, name: string): StoredObject {
    const old = this.get(resource, namespace, name);
    if (old === undefined)
      throw new Error(`BUG: there is no ${makeKey(resource, namespace, name)} to delete`);
    const deleted = asDeleted(old, this.#revision + 1);
    this.#note({ type: 'DELETED', revision: deleted.revision, object: deleted, old });
    this.#current = this.#current.without(old);
    return deleted;
  }

  finish(): Written {
    while (this.count('events') > this.#options.maxEvents) {
      const oldest = this.#current.oldestEvent();
      if (oldest === undefined) throw new Error('BUG: there are Events and none is the oldest');
      this.delete(oldest.resource, oldest.namespace, oldest.name);
    }
    return { objects: this.#current, revision: this.#revision, events: this.#events };
  }

  end(): void {
    this.#hasEnded = true;
  }

  get #objects(): Objects {
    if (this.#hasEnded) throw new Error('BUG: a transaction is used after its end');
    return this.#current;
  }

  #note(event: StoreEvent): void {
    this.#revision = event.revision;
    this.#events.push(event);
  }
}
