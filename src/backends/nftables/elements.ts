/** A unit's elements: what it says about its endpoints once, spelled out for every frontend. */
import type { Element } from '../../kernel/netlink/nf-tables/model.ts';
import { SETS } from './names.ts';
import { FIRST_LOCAL_SLOT } from './pick-chains.ts';
import type { Frontend, NftablesUnit } from './unit.ts';

/** Calls `each` for every element of the unit that no other unit has. */
export function forEachElement(unit: NftablesUnit, each: (set: string, element: Element) => void): void {
  for (const { set, element } of unit.members) each(set, element);
  for (const frontend of unit.frontends) forEachEndpoint(unit, frontend, each);
}

function forEachEndpoint(
  { comment, all, local, remember }: NftablesUnit,
  { entrance, key, usesAll, usesLocal }: Frontend,
  each: (set: string, element: Element) => void,
): void {
  const sets = SETS[entrance];
  const inSlots = (endpoints: readonly string[], first: number) => {
    for (let slot = 0; slot < endpoints.length; slot++) {
      each(sets.endpoints, { key: `${key} . ${first + slot}`, data: endpoints[slot], comment });
    }
  };
  if (usesAll) inSlots(all, 0);
  if (usesLocal) inSlots(local, FIRST_LOCAL_SLOT);
  const pair = (endpoint: string, chain: string | undefined) => {
    if (chain === undefined) return;
    each(sets.affinityPairs, { key: `${key} . ${endpoint}`, data: `goto ${chain}`, comment });
  };
  if (remember.all === undefined && remember.local === undefined) return;
  const here = new Set(remember.local === undefined ? [] : local);
  for (const endpoint of new Set([...(usesAll ? all : []), ...(usesLocal ? local : [])])) {
    pair(endpoint, here.has(endpoint) ? remember.local : remember.all);
  }
}
