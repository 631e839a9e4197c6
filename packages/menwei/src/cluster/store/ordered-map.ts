/**
 * A map in the order of its keys that is never changed in place: each change gives another one that shares nearly all of it. So
 * who holds one has all of it as it was, for nothing.
 */

interface Chunk<Value> {
  /** Sorted; never empty. */
  readonly keys: readonly string[];
  /** Of the same length. */
  readonly values: readonly Value[];
}

/** A change copies one chunk and the list of chunks: cheapest when both are of about the same length. */
const MAX_CHUNK = 512;

export class OrderedMap<Value extends object> {
  readonly #chunks: readonly Chunk<Value>[];
  readonly size: number;

  private constructor(chunks: readonly Chunk<Value>[], size: number) {
    this.#chunks = chunks;
    this.size = size;
  }

  static empty<Value extends object>(): OrderedMap<Value> {
    return new OrderedMap<Value>([], 0);
  }

  /** @param entries in the order of their keys, each key once */
  static of<Value extends object>(entries: readonly (readonly [string, Value])[]): OrderedMap<Value> {
    const chunks: Chunk<Value>[] = [];
    // Half full: what is written next finds room.
    for (let start = 0; start < entries.length; start += MAX_CHUNK / 2) {
      const some = entries.slice(start, start + MAX_CHUNK / 2);
      chunks.push({ keys: some.map(([key]) => key), values: some.map(([, value]) => value) });
    }
    return new OrderedMap(chunks, entries.length);
  }

  get(key: string): Value | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)];
    if (chunk === undefined) return undefined;
    const at = lowerBound(chunk.keys, key);
    return chunk.keys[at] === key ? chunk.values[at] : undefined;
  }

  with(key: string, value: Value): OrderedMap<Value> {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index];
    if (chunk === undefined) return new OrderedMap([{ keys: [key], values: [value] }], 1);
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] === key) {
      const replaced = { keys: chunk.keys, values: chunk.values.with(at, value) };
      return new OrderedMap(this.#chunks.with(index, replaced), this.size);
    }
    const grown = { keys: chunk.keys.toSpliced(at, 0, key), values: chunk.values.toSpliced(at, 0, value) };
    return new OrderedMap(this.#chunks.toSpliced(index, 1, ...split(grown)), this.size + 1);
  }

  without(key: string): OrderedMap<Value> {
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index];
    if (chunk === undefined) return this;
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] !== key) return this;
    if (chunk.keys.length === 1) return new OrderedMap(this.#chunks.toSpliced(index, 1), this.size - 1);
    const shrunk = { keys: chunk.keys.toSpliced(at, 1), values: chunk.values.toSpliced(at, 1) };
    return new OrderedMap(this.#chunks.with(index, shrunk), this.size - 1);
  }

  *values(): Generator<Value, void, undefined> {
    for (const { values } of this.#chunks) yield* values;
  }

  /** In the order of their keys. @param prefix not empty */
  *withPrefix(prefix: string): Generator<Value, void, undefined> {
    const end = endOf(prefix);
    for (let index = this.#chunkOf(prefix); index < this.#chunks.length; index++) {
      const { keys, values } = this.#chunks[index] ?? NO_CHUNK;
      for (let at = lowerBound(keys, prefix); at < keys.length; at++) {
        const key = keys[at];
        const value = values[at];
        if (key === undefined || value === undefined || key >= end) return;
        yield value;
      }
    }
  }

  /** How many keys begin so; looks at one chunk in full at most. */
  countWithPrefix(prefix: string): number {
    return this.#countBelow(endOf(prefix)) - this.#countBelow(prefix);
  }

  #countBelow(key: string): number {
    const index = this.#chunkOf(key);
    let count = 0;
    for (let before = 0; before < index; before++) count += this.#chunks[before]?.keys.length ?? 0;
    return count + lowerBound(this.#chunks[index]?.keys ?? [], key);
  }

  /** The last chunk that does not begin after the key; the first one if all do. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#chunks[middle]?.keys[0];
      if (first !== undefined && first <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(low - 1, 0);
  }
}

const NO_CHUNK: Chunk<never> = { keys: [], values: [] };

/** Where the first key stands that is not below this one. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = keys[middle];
    if (other !== undefined && other < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function split<Value>(chunk: Chunk<Value>): readonly Chunk<Value>[] {
  const { keys, values } = chunk;
  if (keys.length <= MAX_CHUNK) return [chunk];
  const half = keys.length >>> 1;
  return [
    { keys: keys.slice(0, half), values: values.slice(0, half) },
    { keys: keys.slice(half), values: values.slice(half) },
  ];
}

/** The first string after all those that begin with the prefix. */
function endOf(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
