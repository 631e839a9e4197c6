/** Failures of a fake, the same in each run with the same seed. */

export interface FaultOptions {
  readonly seed: number;
  /** How many operations fail, of one; 0.1 unless told. */
  readonly rate?: number;
}

/**
 * before: nothing was done; halfway: as far as the operation comes before its end; after: it was done, and only the
 * answer got lost, as when a tool is killed right after its commit.
 */
export type Fault = 'none' | 'before' | 'halfway' | 'after';

export class Faults {
  /** Called before each operation. */
  onNext: () => void = () => undefined;
  readonly #rate: number;
  readonly #random: () => number;
  #stopped = false;
  #suspended = false;

  constructor(options: FaultOptions | undefined) {
    this.#rate = options === undefined ? 0 : (options.rate ?? 0.1);
    this.#random = seededRandom(options?.seed ?? 0);
  }

  /** What is to happen to the next operation. */
  next(): Fault {
    this.onNext();
    if (!this.isAtWork || this.#random() >= this.#rate) return 'none';
    const kinds: readonly Fault[] = ['before', 'halfway', 'after'];
    return kinds[Math.floor(this.#random() * kinds.length)] ?? 'before';
  }

  get isAtWork(): boolean {
    return !this.#stopped && !this.#suspended;
  }

  /** Everything works for as long as somebody only looks how things stand. */
  async suspend<T>(work: () => Promise<T>): Promise<T> {
    this.#suspended = true;
    try {
      return await work();
    } finally {
      this.#suspended = false;
    }
  }

  /** From now on everything works. */
  stop(): void {
    this.#stopped = true;
  }
}

/** Numbers from 0 up to 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
