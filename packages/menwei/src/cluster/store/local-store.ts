/** The store of one process: all objects in memory. */
import { CommitQueue, type JournalState } from './commit-queue.ts';
import { Committed } from './committed.ts';
import { type StoreStart, TransactionRunner } from './draft.ts';
import { type FieldsOf, selectableFields } from './encoding.ts';
import { HISTORY_LIMITS, type HistoryLimits } from './history.ts';
import { Objects } from './objects.ts';
import type { IndexName, Store, StoredObject, StoreEvent, StoreReader, Transaction } from './store.ts';

export interface StoreOptions {
  /** As the rules of the kinds say, unless given. */
  readonly fieldsOf?: FieldsOf;
  readonly limits?: HistoryLimits;
  /** How many Events are kept. 10,000 unless given. */
  readonly maxEvents?: number;
  /** Milliseconds from any moment on. The process's own clock unless given. */
  readonly now?: () => number;
}

const MAX_EVENTS = 10_000;
/** As in etcd, the first write is number 2: zero has a meaning of its own to clients. */
export const FIRST_REVISION = 1;

/** Holds what it holds until the process ends. */
export function openMemoryStore(options: StoreOptions = {}): Store {
  return new LocalStore(EMPTY, undefined, options);
}

const EMPTY: StoreStart = {
  objects: Objects.EMPTY,
  revision: FIRST_REVISION,
  floor: FIRST_REVISION,
  events: [],
  lastKnown: FIRST_REVISION,
};

export class LocalStore implements Store {
  readonly #committed: Committed;
  readonly #runner: TransactionRunner;
  /** Undefined: nothing is durable. */
  readonly #queue: CommitQueue | undefined;

  constructor(start: StoreStart, journal: JournalState | undefined, options: StoreOptions) {
    const {
      fieldsOf = selectableFields,
      limits = HISTORY_LIMITS,
      maxEvents = MAX_EVENTS,
      now = () => performance.now(),
    } = options;
    this.#committed = new Committed(start, { limits, now });
    this.#runner = new TransactionRunner({ fieldsOf, maxEvents });
    this.#queue = journal && new CommitQueue(this.#committed, this.#runner, journal);
  }

  get revision(): number {
    return this.#committed.version.revision;
  }

  get floor(): number {
    return this.#committed.floor;
  }

  get trouble(): string | undefined {
    return this.#queue?.trouble;
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

  async transact<Result>(work: (transaction: Transaction) => Result): Promise<Result> {
    if (this.#queue !== undefined) return this.#queue.transact(work);
    const { result, written } = this.#runner.run(this.#committed.version, work);
    if (written.events.length > 0) this.#committed.publish(written);
    return result;
  }

  rehearse<Result>(work: (transaction: Transaction) => Result): Result {
    return this.#runner.run(this.#queue?.newest ?? this.#committed.version, work).result;
  }

  eventsAfter(revision: number): readonly StoreEvent[] | undefined {
    return this.#committed.eventsAfter(revision);
  }

  listAt(revision: number, resource: string, namespace?: string): readonly StoredObject[] | undefined {
    return this.#committed.listAt(revision, resource, namespace);
  }

  subscribe(listener: (event: StoreEvent) => void): Disposable {
    return this.#committed.subscribe(listener);
  }

  reader(resources: readonly string[]): StoreReader {
    return this.#committed.reader(resources);
  }

  async close(): Promise<void> {
    await this.#queue?.close();
  }

  get #objects(): Objects {
    return this.#committed.version.objects;
  }
}
