/** The file descriptors that relays may have open, counted over all threads. */
import { raiseDescriptorLimit } from '@menwei/kernel/descriptor-limit.ts';
import type { DescriptorBudget } from './contract.ts';

/** What kube-proxy 1.20 asked for (spec § 7.2). */
const WANTED_LIMIT = 64_000;
const RESERVE = 1024;
const MAX_COUNT = 2 ** 31 - 1;
const FREE = 0;

/** Raises the process's limit as far as allowed; returns what of it relays may have. Throws KernelError. */
export function descriptorLimit(reserve = RESERVE): number {
  return shareOfRelays(raiseDescriptorLimit(WANTED_LIMIT), reserve);
}

/** The rest of the program keeps the reserve, or a quarter of all if that is less. */
export function shareOfRelays(limit: number, reserve: number): number {
  return Math.min(limit - Math.min(reserve, Math.floor(limit / 4)), MAX_COUNT);
}

/** Memory for a budget that this many holders (threads) share. */
export function allocateBudget(count: number, holders: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * (1 + holders));
  new Int32Array(memory)[FREE] = count;
  return memory;
}

/** The budget as one of its holders sees it, who are numbered from 0. */
export class SharedDescriptorBudget implements DescriptorBudget {
  readonly #counts: Int32Array;
  readonly #own: number;

  constructor(memory: SharedArrayBuffer, holder: number) {
    this.#counts = new Int32Array(memory);
    this.#own = 1 + holder;
  }

  take(count: number): boolean {
    for (let free = Atomics.load(this.#counts, FREE); free >= count; ) {
      const found = Atomics.compareExchange(this.#counts, FREE, free, free - count);
      if (found === free) {
        Atomics.add(this.#counts, this.#own, count);
        return true;
      }
      free = found;
    }
    return false;
  }

  give(count: number): void {
    if (Atomics.sub(this.#counts, this.#own, count) < count)
      throw new Error(`BUG: ${count} descriptors given back that were not taken`);
    Atomics.add(this.#counts, FREE, count);
  }

  /** Takes what is in use already, whether there is as much or not: nobody else gets any until that is so again. */
  claim(count: number): void {
    Atomics.add(this.#counts, this.#own, count);
    Atomics.sub(this.#counts, FREE, count);
  }

  /** Gives back all that this holder took: it has ended, and its descriptors with it. */
  giveAll(): void {
    Atomics.add(this.#counts, FREE, Atomics.exchange(this.#counts, this.#own, 0));
  }
}
