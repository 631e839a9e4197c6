/** Who is to be told of which change: one look at an event finds the few watchers that it may concern. */
import type { Store, StoredObject, StoreEvent } from '../store/store.ts';
import type { Selection } from './selection.ts';
import { EventLines } from './watch-events.ts';

/** One open watch. */
export interface Watcher {
  readonly storedAs: string;
  readonly selection: Selection;
  /** Told of each event that may concern it, in order. Must not throw. */
  tell(event: StoreEvent, lines: EventLines): void;
}

const NODE_FIELD = 'spec.nodeName';

export class WatchHub implements Disposable {
  readonly #subscription: Disposable;
  /** By the most particular thing that each watcher demands. */
  readonly #watchers = new Map<string, Set<Watcher>>();
  #count = 0;

  constructor(store: Pick<Store, 'subscribe'>) {
    this.#subscription = store.subscribe((event) => this.#tell(event));
  }

  get count(): number {
    return this.#count;
  }

  /** From the next event on. */
  add(watcher: Watcher): Disposable {
    const place = placeOf(watcher);
    const watchers = this.#watchers.get(place) ?? new Set();
    this.#watchers.set(place, watchers.add(watcher));
    this.#count++;
    return {
      [Symbol.dispose]: () => {
        if (!watchers.delete(watcher)) return;
        this.#count--;
        if (watchers.size === 0 && this.#watchers.get(place) === watchers) this.#watchers.delete(place);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  #tell(event: StoreEvent): void {
    const lines = new EventLines();
    for (const place of placesOf(event)) {
      for (const watcher of this.#watchers.get(place) ?? []) watcher.tell(event, lines);
    }
  }
}

function placeOf({ storedAs, selection: { namespace, name, nodeName } }: Watcher): string {
  if (name !== undefined) return `${storedAs} name ${name}`;
  if (nodeName !== undefined) return `${storedAs} node ${nodeName}`;
  if (namespace !== undefined) return `${storedAs} namespace ${namespace}`;
  return storedAs;
}

/** All that a watcher could demand and the event has; one that demands less is not in the places of more. */
function placesOf({ object, old }: StoreEvent): ReadonlySet<string> {
  const { resource, namespace, name } = object;
  const places = new Set([resource, `${resource} name ${name}`, `${resource} namespace ${namespace}`]);
  if (resource === 'pods') {
    places.add(`pods node ${nodeOf(object)}`);
    if (old !== undefined) places.add(`pods node ${nodeOf(old)}`);
  }
  return places;
}

function nodeOf({ fields }: StoredObject): string {
  return fields[NODE_FIELD] ?? '';
}
