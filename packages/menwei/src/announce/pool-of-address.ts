/** Which pool an address belongs to, whether it could be given from there today or not. */
import { familyOf, type IpFamily, ipToNumber } from '@menwei/addresses/ip.ts';
import type { AddressPool } from '../kubernetes/load-balancer-objects.ts';

interface Range {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly last: bigint;
  readonly pool: AddressPool;
}

export class PoolsByAddress {
  /** Of older pools first. */
  readonly #ranges: readonly Range[];
  readonly #byName: ReadonlyMap<string, AddressPool>;

  constructor(pools: Iterable<AddressPool>) {
    const oldestFirst = [...pools].sort(
      (a, b) => a.createdAtMs - b.createdAtMs || (a.name < b.name ? -1 : 1),
    );
    this.#ranges = oldestFirst.flatMap((pool) =>
      pool.ranges.map(({ family, first, last }) => {
        return { family, first: ipToNumber(first), last: ipToNumber(last), pool };
      }),
    );
    this.#byName = new Map(oldestFirst.toReversed().map((pool) => [pool.name, pool]));
  }

  /** The oldest one that has it. */
  containing(address: string): AddressPool | undefined {
    const family = familyOf(address);
    const number = ipToNumber(address);
    return this.#ranges.find(
      (range) => range.family === family && range.first <= number && number <= range.last,
    )?.pool;
  }

  named(name: string): AddressPool | undefined {
    return this.#byName.get(name);
  }
}
