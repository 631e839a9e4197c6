/** Why no pool gives an address, in words: which pools there are, and why each refuses (load-balancer § 4.5). */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { show } from '../../kubernetes/decode-text.ts';
import type { AddressRequest, PendingReason, Trouble } from './allocation.ts';
import type { Candidates, KnownPool, RefusingPool } from './pool-catalog.ts';

/** A message names so many pools, and counts the others. */
const MAX_NAMED = 10;

export const NO_POOL: Trouble = { reason: 'NoPool', message: 'there is no address pool' };

/** `pool b: its autoAssign is false; pool c: …` */
export function listPools(pools: readonly RefusingPool[]): string {
  const named = pools.slice(0, MAX_NAMED).map(({ name, why }) => `pool ${name}: ${why}`);
  return withRest(named, pools.length).join('; ');
}

/** Of an address that a Service asks for, or has. */
export function outsidePools(address: string, pools: readonly KnownPool[]): Trouble {
  const which = pools.length === 0 ? 'there is none' : namesOf(pools);
  return { reason: 'AddressOutsidePools', message: `${address} is in no pool (${which})` };
}

/** Why a Service that has no address of the family gets none. */
export function familyTrouble(
  family: IpFamily,
  { willing, refusing }: Candidates,
  request: AddressRequest,
  pools: readonly KnownPool[],
): Trouble {
  if (pools.length === 0) return NO_POOL;
  if (willing.length === 0 && refusing.length === 0) {
    const message = `there is no pool ${show(request.pool)} (${namesOf(pools)})`;
    return { reason: 'NoMatchingPool', message };
  }
  const failing = willing.map((known) => ({ name: known.name, why: whyEmpty(known, family) }));
  return { reason: reasonOf(family, willing), message: listPools([...failing, ...refusing]) };
}

function reasonOf(family: IpFamily, willing: readonly KnownPool[]): PendingReason {
  if (willing.length === 0) return 'NoMatchingPool';
  const hasFamily = willing.some(({ free }) => free[family].span.size > 0n);
  return hasFamily ? 'PoolExhausted' : 'FamilyUnavailable';
}

function whyEmpty({ free }: KnownPool, family: IpFamily): string {
  const { taken, span } = free[family];
  return span.size === 0n
    ? `it has no ${family} addresses`
    : `${taken} of ${span.size} ${family} addresses are in use`;
}

function namesOf(pools: readonly KnownPool[]): string {
  const names = pools.slice(0, MAX_NAMED).map(({ name }) => name);
  return `pools: ${withRest(names, pools.length).join(', ')}`;
}

function withRest(named: readonly string[], count: number): readonly string[] {
  return count > named.length ? [...named, `and ${count - named.length} others`] : named;
}
