/** The last events, so that watches resume and lists at an earlier revision can be made. */
import { keyOf, type ObjectKey } from './objects.ts';
import type { StoredObject, StoreEvent } from './store.ts';

export interface HistoryLimits {
  /** Kept at least: so many, and for so long. */
  readonly minEvents: number;
  readonly minMs: number;
  /** Kept at most, whatever the above says. */
  readonly maxEvents: number;
  /** Of the objects as they were and as they are. */
  readonly maxBytes: number;
}

export const HISTORY_LIMITS: HistoryLimits = {
  minEvents: 1_000,
  minMs: 75_000,
  maxEvents: 100_000,
  maxBytes: 256 * 1024 * 1024,
};

interface HistoryStart {
  /** The revision that the first event comes after. */
  readonly floor: number;
  /** Revisions between these may have been used, and what they were is not known: who has seen one has seen what is not there. */
  readonly lost: { readonly after: number; readonly before: number };
}

interface Entry {
  readonly event: StoreEvent;
  readonly atMs: number;
}

export class History {
  readonly #limits: HistoryLimits;
  #entries: (Entry | undefined)[] = [];
  /** How many at the beginning are forgotten. */
  #start = 0;
  #bytes = 0;
  #floor: number;
  readonly #lost: HistoryStart['lost'];

  constructor({ floor, lost }: HistoryStart, limits: HistoryLimits) {
    this.#floor = floor;
    this.#lost = lost;
    this.#limits = limits;
  }

  /** All that happened after this revision is known. */
  get floor(): number {
    return this.#floor;
  }

  append(event: StoreEvent, nowMs: number): void {
    this.#entries.push({ event, atMs: nowMs });
    this.#bytes += bytesOf(event);
    this.#forget(nowMs);
  }

  /** Whether what happened after this revision can be told. */
  knows(revision: number): boolean {
    return revision >= this.#floor && (revision <= this.#lost.after || revision >= this.#lost.before);
  }

  /** Oldest first; undefined if the revision is not known. */
  after(revision: number): readonly StoreEvent[] | undefined {
    if (!this.knows(revision)) return undefined;
    return this.#entries
      .slice(this.#firstAfter(revision))
      .flatMap((entry) => (entry === undefined ? [] : [entry.event]));
  }

  /** What each object of a resource that changed since was at this revision, which is known. */
  undo(
    revision: number,
    resource: string,
    namespace: string | undefined,
  ): Map<ObjectKey, StoredObject | undefined> {
    const before = new Map<ObjectKey, StoredObject | undefined>();
    for (let index = this.#firstAfter(revision); index < this.#entries.length; index++) {
      const event = this.#entries[index]?.event;
      if (event === undefined || event.object.resource !== resource) continue;
      if (namespace !== undefined && event.object.namespace !== namespace) continue;
      const key = keyOf(event.object);
      if (!before.has(key)) before.set(key, event.old);
    }
    return before;
  }

  #firstAfter(revision: number): number {
    let low = this.#start;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.event.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #forget(nowMs: number): void {
    const { minEvents, minMs, maxEvents, maxBytes } = this.#limits;
    for (;;) {
      const count = this.#entries.length - this.#start;
      const oldest = this.#entries[this.#start];
      if (oldest === undefined) break;
      const isTooMuch = count > maxEvents || this.#bytes > maxBytes;
      if (!isTooMuch && (count <= minEvents || nowMs - oldest.atMs <= minMs)) break;
      this.#bytes -= bytesOf(oldest.event);
      this.#floor = oldest.event.revision;
      this.#entries[this.#start] = undefined;
      this.#start += 1;
    }
    this.#shrink();
  }

  /** The places of what is forgotten are let go when they are half of all: so each event is moved once. */
  #shrink(): void {
    if (this.#start < 64 || this.#start * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#start);
    this.#start = 0;
  }
}

function bytesOf({ object, old }: StoreEvent): number {
  return object.bytes.length + (old?.bytes.length ?? 0);
}
