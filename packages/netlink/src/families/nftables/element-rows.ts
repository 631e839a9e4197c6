/**
 * The elements of a set as rows of bytes: a table may hold hundreds of thousands, and those that were read are mostly only
 * compared. An object is made of a row when it is asked for.
 */
import { dataSize, keySize, readBytes, writeBytes } from './fields.ts';
import type { Bytes, Element, Elements, SetDeclaration } from './model.ts';

/** Rows are kept in pieces of so many, so that nothing is copied when a set grows. */
const ROWS_A_PIECE = 512;
const MIN_PLACES = 16;
const FREE = -1;

export class ElementRows implements Elements {
  readonly #keySize: number;
  readonly #dataSize: number;
  /** Key and data of each row, one after the other. */
  readonly #pieces: Buffer[] = [];
  readonly #comments: string[] = [];
  /** Of maps whose data is no bytes: the verdict of each row. */
  readonly #verdicts: string[] | undefined;
  /** Numbers of rows by the hash of their keys, with open addressing. */
  #places = new Int32Array(MIN_PLACES).fill(FREE);
  /** What has another form than the others: the element for all that no other one is for, those of maps without data. */
  readonly #others = new Map<Bytes, Element>();

  constructor(set: SetDeclaration) {
    this.#keySize = keySize(set);
    this.#dataSize = dataSize(set);
    this.#verdicts = set.data === 'verdict' ? [] : undefined;
  }

  get size(): number {
    return this.#comments.length + this.#others.size;
  }

  /** False, and nothing is changed, if there is an element with this key. */
  add(element: Element): boolean {
    const { key, data, comment } = element;
    if (this.#hasForm(element)) {
      if (2 * (this.#comments.length + 1) > this.#places.length) this.#makeRoom();
      const place = this.#placeOf(key);
      if (this.#places[place] !== FREE) return false;
      const row = this.#comments.push(comment) - 1;
      this.#places[place] = row;
      this.#write(row, key, data ?? '');
      return true;
    }
    if (this.#others.has(key)) return false;
    this.#others.set(key, element);
    return true;
  }

  get(key: Bytes): Element | undefined {
    if (key.length === this.#keySize) {
      const row = this.#places[this.#placeOf(key)] ?? FREE;
      if (row !== FREE) return { key, data: this.#data(row), comment: this.#comments[row] ?? '' };
    }
    return this.#others.get(key);
  }

  *[Symbol.iterator](): Iterator<readonly [Bytes, Element]> {
    for (const element of this.values()) yield [element.key, element];
  }

  *keys(): Iterable<Bytes> {
    for (const { key } of this.values()) yield key;
  }

  *values(): Iterable<Element> {
    for (const [row, comment] of this.#comments.entries()) {
      yield { key: this.#key(row), data: this.#data(row), comment };
    }
    yield* this.#others.values();
  }

  #hasForm({ key, data }: Element): boolean {
    if (key.length !== this.#keySize) return false;
    if (this.#verdicts !== undefined) return data !== undefined;
    return this.#dataSize === 0 ? data === undefined : data?.length === this.#dataSize;
  }

  #write(row: number, key: Bytes, data: string): void {
    const size = this.#keySize + this.#dataSize;
    const at = (row % ROWS_A_PIECE) * size;
    if (at === 0) this.#pieces.push(Buffer.allocUnsafeSlow(ROWS_A_PIECE * size));
    const bytes = this.#piece(row);
    writeBytes(key, bytes, at);
    if (this.#verdicts === undefined) writeBytes(data, bytes, at + this.#keySize);
    else this.#verdicts.push(data);
  }

  #piece(row: number): Buffer {
    const bytes = this.#pieces[Math.floor(row / ROWS_A_PIECE)];
    if (bytes === undefined) throw new Error(`BUG: there is no row ${row}`);
    return bytes;
  }

  #start(row: number): number {
    return (row % ROWS_A_PIECE) * (this.#keySize + this.#dataSize);
  }

  #key(row: number): Bytes {
    const start = this.#start(row);
    return readBytes(this.#piece(row), start, start + this.#keySize);
  }

  #data(row: number): Bytes | undefined {
    if (this.#verdicts !== undefined) return this.#verdicts[row];
    if (this.#dataSize === 0) return undefined;
    const start = this.#start(row) + this.#keySize;
    return readBytes(this.#piece(row), start, start + this.#dataSize);
  }

  /** Where the number of the row with this key stands, or would stand. */
  #placeOf(key: Bytes): number {
    // FNV-1a.
    let hash = 0x811c9dc5;
    for (let index = 0; index < key.length; index++)
      hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
    const mask = this.#places.length - 1;
    let place = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const row = this.#places[place] ?? FREE;
      if (row === FREE || this.#isKeyOf(row, key)) return place;
      place = (place + 1) & mask;
    }
  }

  #isKeyOf(row: number, key: Bytes): boolean {
    const bytes = this.#piece(row);
    const start = this.#start(row);
    for (let index = 0; index < key.length; index++) {
      if (bytes[start + index] !== key.charCodeAt(index)) return false;
    }
    return true;
  }

  #makeRoom(): void {
    this.#places = new Int32Array(2 * this.#places.length).fill(FREE);
    for (const row of this.#comments.keys()) this.#places[this.#placeOf(this.#key(row))] = row;
  }
}
