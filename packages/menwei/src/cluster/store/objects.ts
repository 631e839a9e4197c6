/** All objects at one moment, and what they are looked up by. Never changed in place. */
import { OrderedMap } from './ordered-map.ts';
import type { IndexName, StoredObject, StoreView } from './store.ts';

/** The order of keys is that of etcd's: `services/a-b/x` comes before `services/a/x`. */
export type ObjectKey = string;

export function keyOf({ resource, namespace, name }: StoredObject): ObjectKey {
  return makeKey(resource, namespace, name);
}

export function makeKey(resource: string, namespace: string, name: string): ObjectKey {
  return `${resource}/${namespace}/${name}`;
}

const NODE_FIELD = 'spec.nodeName';
const SERVICE_LABEL = 'kubernetes.io/service-name';

export class Objects implements StoreView {
  static readonly EMPTY = new Objects(OrderedMap.empty(), OrderedMap.empty());

  readonly #objects: OrderedMap<StoredObject>;
  /** Keys of objects, by what {@link indexKeys} gives, followed by that key. */
  readonly #index: OrderedMap<ObjectKey>;

  private constructor(objects: OrderedMap<StoredObject>, index: OrderedMap<ObjectKey>) {
    this.#objects = objects;
    this.#index = index;
  }

  /** In any order, each key once. */
  static of(all: readonly StoredObject[]): Objects {
    const objects = all.map((stored) => [keyOf(stored), stored] as const);
    const index = objects.flatMap(([key, stored]) => {
      return indexKeys(stored).map((prefix) => [prefix + key, key] as const);
    });
    return new Objects(OrderedMap.of(objects.sort(byKey)), OrderedMap.of(index.sort(byKey)));
  }

  get(resource: string, namespace: string, name: string): StoredObject | undefined {
    return this.#objects.get(makeKey(resource, namespace, name));
  }

  list(resource: string, namespace?: string): Iterable<StoredObject> {
    return this.#objects.withPrefix(listPrefix(resource, namespace));
  }

  count(resource: string, namespace?: string): number {
    return this.#objects.countWithPrefix(listPrefix(resource, namespace));
  }

  ownedBy(uid: string): Iterable<StoredObject> {
    return this.#found(ownerPrefix(uid));
  }

  listBy(resource: string, index: IndexName, value: string): Iterable<StoredObject> {
    return this.#found(valuePrefix(resource, index, value));
  }

  /** Of all resources, in the order of keys. */
  all(): Iterable<StoredObject> {
    return this.#objects.values();
  }

  /** The one whose last write is the longest ago; of Events only. */
  oldestEvent(): StoredObject | undefined {
    const [oldest] = this.#found(AGE_PREFIX).take(1);
    return oldest;
  }

  with(stored: StoredObject): Objects {
    const key = keyOf(stored);
    const before = this.#objects.get(key);
    const old = before === undefined ? [] : indexKeys(before);
    const now = indexKeys(stored);
    let index = this.#index;
    for (const prefix of old) if (!now.includes(prefix)) index = index.without(prefix + key);
    for (const prefix of now) if (!old.includes(prefix)) index = index.with(prefix + key, key);
    return new Objects(this.#objects.with(key, stored), index);
  }

  without(stored: StoredObject): Objects {
    const key = keyOf(stored);
    const index = indexKeys(stored).reduce((left, prefix) => left.without(prefix + key), this.#index);
    return new Objects(this.#objects.without(key), index);
  }

  *#found(prefix: string): Generator<StoredObject, void, undefined> {
    for (const key of this.#index.withPrefix(prefix)) {
      const stored = this.#objects.get(key);
      if (stored === undefined) throw new Error(`BUG: the index has ${key}, which is not there`);
      yield stored;
    }
  }
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function listPrefix(resource: string, namespace: string | undefined): string {
  return namespace === undefined ? `${resource}/` : `${resource}/${namespace}/`;
}

/** Values are in quotes: whatever is in them, one value is never the beginning of another one. */
function indexKeys(stored: StoredObject): readonly string[] {
  const { resource, namespace, labels, fields, revision } = stored;
  const keys = stored.ownerUids.map(ownerPrefix);
  if (resource === 'events') keys.push(`${AGE_PREFIX}${String(revision).padStart(16, '0')} `);
  if (resource === 'pods') keys.push(valuePrefix(resource, 'nodeName', fields[NODE_FIELD] ?? ''));
  if (resource === 'endpointslices' && Object.hasOwn(labels, SERVICE_LABEL)) {
    keys.push(valuePrefix(resource, 'serviceName', `${namespace}/${labels[SERVICE_LABEL]}`));
  }
  return keys;
}

const AGE_PREFIX = 'age events ';

function ownerPrefix(uid: string): string {
  return `owner ${JSON.stringify(uid)}`;
}

function valuePrefix(resource: string, index: IndexName, value: string): string {
  return `${index} ${resource} ${JSON.stringify(value)}`;
}
