/** Where one reader of the store stands: its cursor is what has changed since it last looked. */
import { keyOf, type ObjectKey } from './objects.ts';
import type { StoreChange, StoredObject, StoreEvent, StoreReader } from './store.ts';

/** The store's end of a reader. */
interface ReaderSource {
  current(key: StoredObject): StoredObject | undefined;
  all(): Iterable<StoredObject>;
  closed(reader: ChangeReader): void;
}

interface Unread {
  /** As it was at the last look. */
  readonly before: StoredObject | undefined;
  /** One of its key, to look it up by. */
  readonly last: StoredObject;
}

/** Holds one entry a key however often that changes, and none for what came and went unseen. */
export class ChangeReader implements StoreReader {
  readonly #source: ReaderSource;
  /** Undefined: nothing was looked at so far. */
  #unread: Map<ObjectKey, Unread> | undefined;
  #isClosed = false;
  #wake = Promise.withResolvers<void>();

  constructor(source: ReaderSource) {
    this.#source = source;
  }

  take(): readonly StoreChange[] {
    if (this.#isClosed) return [];
    const unread = this.#unread;
    this.#unread = new Map();
    if (unread === undefined) {
      return Array.from(this.#source.all(), (after) => ({ before: undefined, after }));
    }
    return Array.from(unread.values(), ({ before, last }) => ({ before, after: this.#source.current(last) }));
  }

  async changed(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isClosed && this.#isEmpty()) {
      const { promise, resolve } = this.#wake;
      const wake = () => resolve();
      signal.addEventListener('abort', wake);
      await promise;
      signal.removeEventListener('abort', wake);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#unread = undefined;
    this.#source.closed(this);
    this.tell();
  }

  /** To be called with every committed event of its resources. */
  note({ object, old, type }: StoreEvent): void {
    const unread = this.#unread;
    if (unread === undefined) return;
    const key = keyOf(object);
    const before = unread.has(key) ? unread.get(key)?.before : old;
    if (before === undefined && type === 'DELETED') unread.delete(key);
    else unread.set(key, { before, last: object });
  }

  /** To be called after {@link note}, when all of a commit is noted. */
  tell(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  #isEmpty(): boolean {
    return this.#unread !== undefined && this.#unread.size === 0;
  }
}
