/**
 * One kind of row in the state. Writers put and delete; any number of readers each learn what changed since they last
 * looked, and pay for that alone.
 *
 * Rows are plain data and are never changed in place: a row that changes is another object. Everything is synchronous, so
 * who reads several tables in one go sees them as they belong together.
 */
import { Reader, type RowKey } from './reader.ts';

export class Table<Row> {
  readonly #isSame: (a: Row, b: Row) => boolean;
  readonly #rows = new Map<RowKey, Row>();
  readonly #readers = new Set<Reader<Row>>();

  /** @param isSame a row that is the same as the one before it is no change; the former one stays then */
  constructor(isSame: (a: Row, b: Row) => boolean = Object.is) {
    this.#isSame = isSame;
  }

  /** All rows as they are now, in the order in which their keys came. */
  get rows(): ReadonlyMap<RowKey, Row> {
    return this.#rows;
  }

  get(key: RowKey): Row | undefined {
    return this.#rows.get(key);
  }

  /** Returns whether that changes anything. */
  put(key: RowKey, row: Row): boolean {
    const before = this.#rows.get(key);
    if (before !== undefined && this.#isSame(before, row)) return false;
    this.#rows.set(key, row);
    this.#note(key, before);
    return true;
  }

  /** Returns whether there was such a row. */
  delete(key: RowKey): boolean {
    const before = this.#rows.get(key);
    if (before === undefined) return false;
    this.#rows.delete(key);
    this.#note(key, before);
    return true;
  }

  /**
   * A reader that has seen nothing yet: the first thing it takes is every row.
   *
   * @param onChange called as soon as a writer has left something to take, and then not again before that was taken; it
   *   may take right there, and must not throw: the writer would get that as `BUG:`, with all else done
   */
  reader(onChange: () => void = () => undefined): Reader<Row> {
    const reader = new Reader<Row>({
      rows: this.#rows,
      isSame: this.#isSame,
      onChange,
      onClose: () => this.#readers.delete(reader),
    });
    this.#readers.add(reader);
    return reader;
  }

  /** All know before one is told, who may look at what others have read. All are told, whatever one of them throws. */
  #note(key: RowKey, before: Row | undefined): void {
    for (const reader of this.#readers) reader.note(key, before);
    let failure: Error | undefined;
    for (const reader of this.#readers) {
      try {
        reader.tell();
      } catch (cause) {
        failure ??= new Error('BUG: a reader of a table failed when it was told of a change', { cause });
      }
    }
    if (failure !== undefined) throw failure;
  }
}
