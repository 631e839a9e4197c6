/** A set of small integers that finds the next one that is not in it without looking at each. */

const BITS = 32;
const ALL = 0xffff_ffff;

export class Bitmap {
  readonly #words: Uint32Array;

  /** @param size the integers are below it */
  constructor(size: number) {
    this.#words = new Uint32Array(Math.ceil(size / BITS));
  }

  set(index: number, isSet: boolean): void {
    const word = Math.floor(index / BITS);
    const bit = 1 << (index % BITS);
    const value = this.#words[word] ?? 0;
    this.#words[word] = isSet ? value | bit : value & ~bit;
  }

  /** The first from `from` on that is below `end` and not set; undefined if all of them are. */
  nextClear(from: number, end: number): number | undefined {
    let word = Math.floor(from / BITS);
    // What lies before `from` counts as set.
    let free = ~(this.#words[word] ?? ALL) & (ALL << (from % BITS));
    while (free === 0) {
      word += 1;
      if (word * BITS >= end) return undefined;
      free = ~(this.#words[word] ?? ALL);
    }
    const index = word * BITS + lowestBit(free);
    return index < end ? index : undefined;
  }
}

function lowestBit(word: number): number {
  return BITS - 1 - Math.clz32(word & -word);
}
