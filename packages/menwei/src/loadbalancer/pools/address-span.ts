/** Which addresses of one family a pool has: its ranges without what it keeps back, and without what is no machine's. */
import { type IpFamily, ipToNumber, unassignableRanges } from '@menwei/addresses/ip.ts';
import type { AddressPool, AddressRange } from '../../kubernetes/load-balancer-objects.ts';

/** Both included. */
interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

export class AddressSpan {
  readonly family: IpFamily;
  /** How many there are. */
  readonly size: bigint;
  /** In order, and none touches another. */
  readonly #intervals: readonly Interval[];
  readonly #avoidsBuggy: boolean;

  constructor(pool: AddressPool, family: IpFamily) {
    this.family = family;
    this.#avoidsBuggy = pool.avoidBuggyIPs && family === 'IPv4';
    const own = pool.ranges.filter((range) => range.family === family);
    const usable = own.map((range) => usableOf(range, pool.avoidEnds));
    this.#intervals = without(merged(usable), unassignableRanges(family));
    this.size = this.#intervals.reduce((sum, { first, last }) => sum + this.#countOf(first, last), 0n);
  }

  has(address: bigint): boolean {
    const interval = this.#intervalFor(address);
    return interval !== undefined && interval.first <= address && !this.#isBuggy(address);
  }

  /** The first that is not below this one. */
  next(address: bigint): bigint | undefined {
    let at = address;
    for (;;) {
      const interval = this.#intervalFor(at);
      if (interval === undefined) return undefined;
      if (at < interval.first) at = interval.first;
      if (!this.#isBuggy(at)) return at;
      at += 1n;
    }
  }

  /** The first whose end is not below the address. */
  #intervalFor(address: bigint): Interval | undefined {
    let low = 0;
    let high = this.#intervals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const interval = this.#intervals[middle];
      if (interval !== undefined && interval.last < address) low = middle + 1;
      else high = middle;
    }
    return this.#intervals[low];
  }

  /** Some routers and hosts take it for the address of a network, or for all hosts of one. */
  #isBuggy(address: bigint): boolean {
    if (!this.#avoidsBuggy) return false;
    const lastByte = address & 255n;
    return lastByte === 0n || lastByte === 255n;
  }

  #countOf(first: bigint, last: bigint): bigint {
    const all = last - first + 1n;
    if (!this.#avoidsBuggy) return all;
    return all - (buggyBelow(last + 1n) - buggyBelow(first));
  }
}

/** How many below this address end in 0 or 255. */
function buggyBelow(address: bigint): bigint {
  return (address + 255n) / 256n + address / 256n;
}

function usableOf(range: AddressRange, avoidsEnds: boolean): Interval {
  const [first, last] = [ipToNumber(range.first), ipToNumber(range.last)];
  const hasEnds = avoidsEnds && range.text.includes('/') && last - first >= 2n;
  return hasEnds ? { first: first + 1n, last: last - 1n } : { first, last };
}

function merged(intervals: readonly Interval[]): readonly Interval[] {
  const sorted = [...intervals].sort((a, b) => (a.first < b.first ? -1 : 1));
  const result: Interval[] = [];
  for (const { first, last } of sorted) {
    const before = result.at(-1);
    if (before === undefined || first > before.last + 1n) result.push({ first, last });
    else if (last > before.last) result[result.length - 1] = { first: before.first, last };
  }
  return result;
}

function without(intervals: readonly Interval[], others: readonly Interval[]): readonly Interval[] {
  return others.reduce<readonly Interval[]>(
    (left, other) =>
      left.flatMap(({ first, last }) =>
        [
          { first, last: last < other.first ? last : other.first - 1n },
          { first: first > other.last ? first : other.last + 1n, last },
        ].filter((part) => part.first <= part.last),
      ),
    intervals,
  );
}
