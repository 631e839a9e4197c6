/** Where one reader of a table stands: its cursor is what has changed since it last looked. */

/** What identifies a row in its table. */
export type RowKey = string;

/** How the row of a key differs between two looks; undefined: there is none. Never undefined twice. */
export interface Change<Row> {
  readonly key: RowKey;
  readonly before: Row | undefined;
  readonly after: Row | undefined;
}

interface ReaderOptions<Row> {
  readonly rows: ReadonlyMap<RowKey, Row>;
  readonly isSame: (a: Row, b: Row) => boolean;
  readonly onChange: () => void;
  readonly onClose: () => void;
}

/**
 * Holds one entry a key however often that changes, and none for what came and went unseen: so a reader that is slow
 * costs no more memory than there are keys that it has seen or that are there.
 */
export class Reader<Row> {
  readonly #options: ReaderOptions<Row>;
  /** The rows that changed as they were at the last look; undefined: nothing was looked at so far. */
  #unread: Map<RowKey, Row | undefined> | undefined;
  #isTold = false;
  #isClosed = false;
  #wake: () => void = () => undefined;

  /** Made by {@link Table.reader}. */
  constructor(options: ReaderOptions<Row>) {
    this.#options = options;
  }

  /** How many keys are to be looked at by the next {@link take}. */
  get unreadCount(): number {
    if (this.#isClosed) return 0;
    return this.#unread === undefined ? this.#options.rows.size : this.#unread.size;
  }

  /**
   * Exactly what differs between the rows at the last look and now, one entry a key, in the order in which the keys
   * changed first. At the first look, all rows are new.
   */
  take(): readonly Change<Row>[] {
    const { rows, isSame } = this.#options;
    const unread = this.#unread;
    this.#isTold = false;
    if (this.#isClosed) return [];
    if (unread === undefined) {
      this.#unread = new Map();
      return Array.from(rows, ([key, after]) => ({ key, before: undefined, after }));
    }
    if (unread.size === 0) return [];
    // A map that was once large stays large.
    this.#unread = new Map();
    const changes: Change<Row>[] = [];
    for (const [key, before] of unread) {
      const after = rows.get(key);
      if (before === undefined || after === undefined || !isSame(before, after)) {
        changes.push({ key, before, after });
      }
    }
    return changes;
  }

  /** Waits until there is something to look at, or the signal fires. One may wait at a time. */
  async changed(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.unreadCount > 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#wake = wake;
    signal.addEventListener('abort', wake);
    await promise;
    signal.removeEventListener('abort', wake);
  }

  /** From now on changes are not kept for this reader, and it has nothing to take. */
  close(): void {
    this.#isClosed = true;
    this.#unread = undefined;
    this.#options.onClose();
  }

  /** To be called by the table after each change, with the row before it. */
  note(key: RowKey, before: Row | undefined): void {
    const unread = this.#unread;
    if (unread === undefined) return;
    if (!unread.has(key)) unread.set(key, before);
    else if (unread.get(key) === undefined && !this.#options.rows.has(key)) unread.delete(key);
  }

  /** To be called by the table after {@link note}. Throws what `onChange` throws; then it is told of the next change again. */
  tell(): void {
    if (this.unreadCount === 0) return;
    // Also when it was told before: what that was about may have come and gone, and then it waits for the next change.
    this.#wake();
    if (this.#isTold) return;
    this.#isTold = true;
    try {
      this.#options.onChange();
    } catch (error) {
      this.#isTold = false;
      throw error;
    }
  }
}
