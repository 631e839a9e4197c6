/** Pools that have an address in common: the younger ones give nothing new, as nobody could say whose address it is. */
import { ipToNumber } from '@menwei/addresses/ip.ts';
import type { AddressPool, AddressRange } from '../../kubernetes/load-balancer-objects.ts';
import { compareText } from './age.ts';

interface OwnedRange {
  readonly pool: AddressPool;
  readonly range: AddressRange;
  readonly first: bigint;
  readonly last: bigint;
}

/** What is wrong with each pool that may give nothing new: `it overlaps with pool a (192.0.2.0/24 and 192.0.2.7)`. */
export function findOverlaps(pools: readonly AddressPool[]): ReadonlyMap<AddressPool, string> {
  const found = new Map<AddressPool, { readonly older: AddressPool; readonly text: string }>();
  for (const [a, b] of overlapping(pools)) {
    const [older, younger] = comparePools(a.pool, b.pool) <= 0 ? [a, b] : [b, a];
    const known = found.get(younger.pool);
    if (known !== undefined && comparePools(known.older, older.pool) <= 0) continue;
    found.set(younger.pool, { older: older.pool, text: overlapText(younger, older) });
  }
  return new Map(Array.from(found, ([pool, { text }]) => [pool, text]));
}

function overlapText(younger: OwnedRange, older: OwnedRange): string {
  if (younger.pool === older.pool) return `its ranges ${older.range.text} and ${younger.range.text} overlap`;
  return `its range ${younger.range.text} overlaps with ${older.range.text} of the older pool ${older.pool.name}`;
}

/** By age. */
function comparePools(a: AddressPool, b: AddressPool): number {
  return a.createdAtMs - b.createdAtMs || compareText(a.name, b.name) || compareText(a.kind, b.kind);
}

function* overlapping(pools: readonly AddressPool[]): Generator<readonly [OwnedRange, OwnedRange]> {
  for (const family of ['IPv4', 'IPv6'] as const) {
    const ranges = pools.flatMap((pool) =>
      pool.ranges
        .filter((range) => range.family === family)
        .map((range) => ({ pool, range, first: ipToNumber(range.first), last: ipToNumber(range.last) })),
    );
    ranges.sort((a, b) => (a.first < b.first ? -1 : Number(a.first > b.first)));
    let open: OwnedRange[] = [];
    for (const range of ranges) {
      open = open.filter(({ last }) => last >= range.first);
      for (const before of open) yield [before, range];
      open.push(range);
    }
  }
}
