/** What is committed: the objects, the history, and who is told of changes. */
import { ChangeReader } from './change-reader.ts';
import type { StoreStart, Version, Written } from './draft.ts';
import { History, type HistoryLimits } from './history.ts';
import { keyOf } from './objects.ts';
import type { StoredObject, StoreEvent, StoreReader } from './store.ts';

interface CommittedOptions {
  readonly limits: HistoryLimits;
  /** Milliseconds from any moment on. */
  readonly now: () => number;
}

interface PastList {
  readonly revision: number;
  readonly list: readonly StoredObject[];
}

const MAX_PAST_LISTS = 4;

export class Committed {
  readonly #now: () => number;
  readonly #history: History;
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  readonly #readers = new Map<string, Set<ChangeReader>>();
  /** Those asked for last, the latest at the end. */
  readonly #pastLists = new Map<string, PastList>();
  #version: Version;
  /** Grows while it is told. */
  #untold: StoreEvent[] = [];

  constructor(start: StoreStart, options: CommittedOptions) {
    const { objects, revision, floor, events, lastKnown } = start;
    this.#version = { objects, revision };
    this.#now = options.now;
    this.#history = new History({ floor, lost: { after: lastKnown, before: revision } }, options.limits);
    for (const event of events) this.#history.append(event, this.#now());
  }

  get version(): Version {
    return this.#version;
  }

  get floor(): number {
    return this.#history.floor;
  }

  /** What readers find and hear is the whole of the transaction. */
  publish({ objects, revision, events }: Written): void {
    this.#version = { objects, revision };
    const now = this.#now();
    const toTell = new Set<ChangeReader>();
    for (const event of events) {
      this.#history.append(event, now);
      for (const reader of this.#readers.get(event.object.resource) ?? []) {
        reader.note(event);
        toTell.add(reader);
      }
    }
    for (const [key, past] of this.#pastLists) if (past.revision < this.floor) this.#pastLists.delete(key);
    for (const reader of toTell) reader.tell();
    this.#tell(events);
  }

  /** In order, also when a listener writes. */
  #tell(events: readonly StoreEvent[]): void {
    this.#untold.push(...events);
    if (this.#untold.length > events.length) return;
    try {
      for (const event of this.#untold) for (const listener of [...this.#listeners]) listener(event);
    } finally {
      this.#untold = [];
    }
  }

  eventsAfter(revision: number): readonly StoreEvent[] | undefined {
    return this.#history.after(revision);
  }

  /** Pages of one list are asked for one after the other: the whole of it is made once. */
  listAt(revision: number, resource: string, namespace?: string): readonly StoredObject[] | undefined {
    if (!this.#history.knows(revision) || revision > this.#version.revision) return undefined;
    const key = `${revision} ${resource}${namespace === undefined ? '' : `/${namespace}`}`;
    const list = this.#pastLists.get(key)?.list ?? this.#makeList(revision, resource, namespace);
    this.#pastLists.delete(key);
    this.#pastLists.set(key, { revision, list });
    if (this.#pastLists.size > MAX_PAST_LISTS) this.#pastLists.delete([...this.#pastLists.keys()][0] ?? '');
    return list;
  }

  #makeList(revision: number, resource: string, namespace: string | undefined): readonly StoredObject[] {
    const undo = this.#history.undo(revision, resource, namespace);
    const list: StoredObject[] = [];
    for (const stored of this.#version.objects.list(resource, namespace)) {
      const key = keyOf(stored);
      const then = undo.has(key) ? undo.get(key) : stored;
      undo.delete(key);
      if (then !== undefined) list.push(then);
    }
    const gone = [...undo.values()].filter((stored) => stored !== undefined);
    return gone.length === 0 ? list : inOrder([...list, ...gone]);
  }

  subscribe(listener: (event: StoreEvent) => void): Disposable {
    // The same function may be given twice.
    const own = (event: StoreEvent) => listener(event);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => this.#listeners.delete(own) };
  }

  reader(resources: readonly string[]): StoreReader {
    const reader = new ChangeReader({
      current: ({ resource, namespace, name }) => this.#version.objects.get(resource, namespace, name),
      all: () => resources.flatMap((resource) => [...this.#version.objects.list(resource)]),
      closed: (closed) => {
        for (const resource of resources) this.#readers.get(resource)?.delete(closed);
      },
    });
    for (const resource of resources) {
      const readers = this.#readers.get(resource) ?? new Set();
      this.#readers.set(resource, readers.add(reader));
    }
    return reader;
  }
}

function inOrder(list: readonly StoredObject[]): readonly StoredObject[] {
  const keyed = list.map((stored) => [keyOf(stored), stored] as const);
  return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stored]) => stored);
}
