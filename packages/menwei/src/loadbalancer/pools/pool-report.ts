/** How full the pools are, for who asks. */
import { familyOf, IP_FAMILIES, type IpFamily, ipToNumber } from '@menwei/addresses/ip.ts';
import type { AddressPool } from '../../kubernetes/load-balancer-objects.ts';
import type { PoolCatalog } from './pool-catalog.ts';

/** Of one family; size = inUse + quarantined + free. */
interface FamilyReport {
  readonly family: IpFamily;
  /** How many addresses the pool has, without those that it keeps back. */
  readonly size: bigint;
  /** How many of them Services have; one that several share counts once. */
  readonly inUse: number;
  /** How many a node has for itself, or a machine that is not of the cluster has. */
  readonly quarantined: number;
}

export interface PoolReport {
  readonly pool: AddressPool;
  /** Why it gives nothing new to anybody; undefined: it does. */
  readonly problem: string | undefined;
  /** Those of which it has addresses. */
  readonly families: readonly FamilyReport[];
}

/** In the order of their names. @param reserved addresses that no Service may have */
export function reportPools(catalog: PoolCatalog, reserved: Iterable<string>): readonly PoolReport[] {
  const away = [...reserved];
  return catalog.pools.map(({ pool, problem, free }) => ({
    pool,
    problem,
    families: IP_FAMILIES.filter((family) => free[family].span.size > 0n).map((family) => {
      const { span, taken } = free[family];
      const own = away.filter((address) => familyOf(address) === family && span.has(ipToNumber(address)));
      return { family, size: span.size, inUse: taken - own.length, quarantined: own.length };
    }),
  }));
}
