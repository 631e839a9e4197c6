/** A set in order. To add, to remove and to find the first take a time that hardly grows with what is in it. */

/** A chunk that grows beyond this is cut in two. */
const MAX_CHUNK = 128;

export class SortedSet<Item> {
  readonly #compare: (a: Item, b: Item) => number;
  /** None of them is empty, and each is in order. */
  readonly #chunks: Item[][] = [];
  #size = 0;

  /** @param compare 0 for what is the same item */
  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  get first(): Item | undefined {
    return this.#chunks[0]?.[0];
  }

  add(item: Item): void {
    const at = this.#chunkFor(item);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([item]);
      this.#size += 1;
      return;
    }
    const index = this.#lowerBound(chunk, item);
    if (this.#isSame(chunk[index], item)) return;
    chunk.splice(index, 0, item);
    this.#size += 1;
    if (chunk.length > MAX_CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));
  }

  delete(item: Item): boolean {
    const at = this.#chunkFor(item);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return false;
    const index = this.#lowerBound(chunk, item);
    if (!this.#isSame(chunk[index], item)) return false;
    chunk.splice(index, 1);
    this.#size -= 1;
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    return true;
  }

  /** The first that comes behind this one, whether this one is in the set or not; of `undefined`, the first of all. */
  after(item: Item | undefined): Item | undefined {
    if (item === undefined) return this.first;
    const at = this.#chunkFor(item);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return undefined;
    const index = this.#lowerBound(chunk, item);
    const next = this.#isSame(chunk[index], item) ? index + 1 : index;
    return next < chunk.length ? chunk[next] : this.#chunks[at + 1]?.[0];
  }

  *[Symbol.iterator](): Generator<Item> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  #isSame(found: Item | undefined, item: Item): boolean {
    return found !== undefined && this.#compare(found, item) === 0;
  }

  /** The last chunk that does not begin behind the item, or the first one. */
  #chunkFor(item: Item): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const first = this.#chunks[middle]?.[0];
      if (first !== undefined && this.#compare(first, item) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  #lowerBound(chunk: readonly Item[], item: Item): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = chunk[middle];
      if (found !== undefined && this.#compare(found, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
