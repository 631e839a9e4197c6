/** Which node comes first for an address when nobody has it: rendezvous hashing (load-balancer § 5.2). */
import { hash } from 'node:crypto';

/** The first 8 bytes of SHA-256 of address, a zero byte and node, as hexadecimal digits; the highest comes first. */
export function ownerRank(address: string, node: string): string {
  return hash('sha256', `${address}\0${node}`, 'hex').slice(0, 16);
}

/** Someone who may be the owner; of a higher weight before of a better rank. */
interface Ranked {
  readonly name: string;
  readonly weight: number;
}

/** Sorts the best one first. */
export function inOrderOfRank<Item extends Ranked>(address: string, items: Iterable<Item>): readonly Item[] {
  const ranked = Array.from(items, (item) => ({ item, rank: ownerRank(address, item.name) }));
  ranked.sort(
    (a, b) =>
      b.item.weight - a.item.weight || compareText(b.rank, a.rank) || compareText(a.item.name, b.item.name),
  );
  return ranked.map(({ item }) => item);
}

/** By code units: the same everywhere. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
