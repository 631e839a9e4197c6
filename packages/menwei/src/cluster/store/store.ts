/**
 * The contract of every store: in memory, in a file, later in etcd. One counter of revisions for all objects; a write is answered
 * and told to readers only once it is durable.
 */
import type { ApiObject } from '../schema/object.ts';

/** An object as it is kept: its bytes, and what one looks it up by. Never changed in place. */
export interface StoredObject {
  /** `Resource.storedAs`. */
  readonly resource: string;
  /** Empty for cluster-wide kinds. */
  readonly namespace: string;
  readonly name: string;
  /** Of its last write; `metadata.resourceVersion` as a number. */
  readonly revision: number;
  /** The whole object as JSON in canonical order: `{"kind":"Service","apiVersion":"v1","metadata":{…`. */
  readonly bytes: Buffer;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What field selectors may ask for, besides name and namespace. */
  readonly fields: Readonly<Record<string, string>>;
  readonly ownerUids: readonly string[];
  /** It has `metadata.deletionTimestamp`. */
  readonly isBeingDeleted: boolean;
}

/** Objects as they are at one moment. */
export interface StoreView {
  get(resource: string, namespace: string, name: string): StoredObject | undefined;
  /** In the order of `namespace/name`, by bytes, as in etcd: `a-b/x` before `a/x`. @param namespace of all namespaces if undefined */
  list(resource: string, namespace?: string): Iterable<StoredObject>;
  /** How many there are, without looking at each. */
  count(resource: string, namespace?: string): number;
  /** Objects that name this one as their owner. */
  ownedBy(uid: string): Iterable<StoredObject>;
  /** By an indexed pair: `pods` by `spec.nodeName`, `endpointslices` by the label `kubernetes.io/service-name`. */
  listBy(resource: string, index: IndexName, value: string): Iterable<StoredObject>;
}

/** `namespace/value` is the value of the index of slices. */
export type IndexName = 'nodeName' | 'serviceName';

/** What one request reads and writes as a whole. It sees its own writes, and those before it that are not committed yet. */
export interface Transaction extends StoreView {
  /**
   * Creates or replaces. The object is in canonical form; its `metadata.resourceVersion` is set here, to the next revision. An
   * object that is equal to the one that is there (but for the resourceVersion) is no write: that one is returned.
   */
  put(resource: string, object: ApiObject): StoredObject;
  /** Returns what was there, with the deletion's revision. `BUG:` if nothing was. */
  delete(resource: string, namespace: string, name: string): StoredObject;
}

/** One committed write of one object. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** As it is since; of a deletion, as it was, with the deletion's revision. */
  readonly object: StoredObject;
  /** As it was before; undefined for what is new. */
  readonly old: StoredObject | undefined;
}

/** A cursor of its own: what changed since the last look, one entry a key. The first look gives all there is. */
export interface StoreReader {
  take(): readonly StoreChange[];
  /** Resolves when there is something to take, or the signal fires. */
  changed(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Not both undefined. */
export interface StoreChange {
  readonly before: StoredObject | undefined;
  readonly after: StoredObject | undefined;
}

/** Reads show what is committed, and nothing else. */
export interface Store extends StoreView {
  /** Of the newest committed write. */
  readonly revision: number;
  /** Watches can resume from this revision and later ones. */
  readonly floor: number;
  /**
   * Runs `work` at once, against everything written so far, and resolves with its result once that is durable. What it throws
   * gives up the transaction and rejects. `work` has no effect but through its argument, for a store may run it again.
   *
   * @throws StatusError 500 if the write could not be made durable
   */
  transact<Result>(work: (transaction: Transaction) => Result): Promise<Result>;
  /** The same, and then all of it is forgotten: for dry runs. */
  rehearse<Result>(work: (transaction: Transaction) => Result): Result;
  /**
   * What happened after a revision, oldest first; undefined if that is below the floor, or may have been given away before power
   * was lost, and is not known any more.
   */
  eventsAfter(revision: number): readonly StoreEvent[] | undefined;
  /** All objects of a resource as they were at a revision; undefined if that is below the floor or in the future. */
  listAt(revision: number, resource: string, namespace?: string): readonly StoredObject[] | undefined;
  /** Calls on every committed event, in order. The listener must not throw, nor wait. */
  subscribe(listener: (event: StoreEvent) => void): Disposable;
  /** @param resources `Resource.storedAs` of each that is read */
  reader(resources: readonly string[]): StoreReader;
  /** Undefined while all is well; else why writes fail, for `/readyz`. */
  readonly trouble: string | undefined;
  /** Ends what is under way, and closes the file. */
  close(): Promise<void>;
}
