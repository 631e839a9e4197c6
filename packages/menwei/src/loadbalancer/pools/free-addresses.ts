/** Which addresses of one pool and family are free, and which of them is given next (load-balancer § 4.4). */
import type { AddressSpan } from './address-span.ts';
import { SortedSet } from './sorted-set.ts';

/** What was released waits so long before it is given to another Service, while there is a choice: caches and clients still mean the former one. */
const COOL_DOWN_MS = 60_000;

/** When an address was released; `order` tells of two at the same time which was first. */
export interface Release {
  readonly atMs: number;
  readonly order: number;
}

/**
 * Memory and time go by what is taken, whatever the size of the pool. Every address below `#frontier` is in exactly one of
 * `#taken`, `#cooling` and `#free`; above it those that are in neither of the first two are free.
 */
export class FreeAddresses {
  readonly span: AddressSpan;
  #frontier: bigint | undefined;
  readonly #taken = new Set<bigint>();
  readonly #free = new SortedSet<bigint>((a, b) => (a < b ? -1 : Number(a > b)));
  /** The longest-released first. */
  readonly #cooling = new Map<bigint, Release>();

  constructor(span: AddressSpan) {
    this.span = span;
    this.#frontier = span.next(0n);
  }

  /** How many are taken. */
  get taken(): number {
    return this.#taken.size;
  }

  get isFull(): boolean {
    return BigInt(this.#taken.size) === this.span.size;
  }

  /** What was released lately, the longest-released first. */
  get cooling(): Iterable<readonly [address: bigint, release: Release]> {
    return this.#cooling;
  }

  /** @param address of the span */
  take(address: bigint): void {
    this.#taken.add(address);
    this.#cooling.delete(address);
    this.#free.delete(address);
  }

  release(address: bigint, release: Release): void {
    if (this.#taken.delete(address)) this.#cooling.set(address, release);
  }

  /** As if it had never been taken. */
  forget(address: bigint): void {
    if (this.#taken.delete(address)) this.#freeAgain(address);
  }

  /** The lowest free one that has cooled down, else the longest-released one; undefined: all are taken. */
  peek(nowMs: number): bigint | undefined {
    if (this.isFull) return undefined;
    this.#endCoolDowns(nowMs);
    const lowest = this.#free.first ?? this.#advanceFrontier();
    if (lowest !== undefined) return lowest;
    const [longestReleased] = this.#cooling.keys();
    return longestReleased;
  }

  #endCoolDowns(nowMs: number): void {
    for (const [address, { atMs }] of this.#cooling) {
      const agoMs = nowMs - atMs;
      // A clock that was set back says nothing about it.
      if (agoMs >= 0 && agoMs < COOL_DOWN_MS) return;
      this.#cooling.delete(address);
      this.#freeAgain(address);
    }
  }

  #freeAgain(address: bigint): void {
    if (this.#frontier === undefined || address < this.#frontier) this.#free.add(address);
  }

  /** What is skipped here is never looked at again, unless it becomes free. */
  #advanceFrontier(): bigint | undefined {
    while (this.#frontier !== undefined && this.#isUnavailable(this.#frontier)) {
      this.#frontier = this.span.next(this.#frontier + 1n);
    }
    return this.#frontier;
  }

  #isUnavailable(address: bigint): boolean {
    return this.#taken.has(address) || this.#cooling.has(address);
  }
}
