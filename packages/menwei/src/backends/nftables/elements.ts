/** A unit's elements: what it says about its endpoints once, spelled out for every frontend. */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { Element, Elements } from '@menwei/netlink/nftables';
import { SETS } from './names.ts';
import { FIRST_LOCAL_SLOT } from './pick-chains.ts';
import type { Frontend, NftablesUnit } from './unit.ts';

/** Calls `each` for every element that no other unit has, but those that say endpoint in each slot. */
export function forEachMember(unit: NftablesUnit, each: (set: string, element: Element) => void): void {
  for (const { set, element } of unit.members) each(set, element);
  const { comment, all, local, remember } = unit;
  if (remember.all === undefined && remember.local === undefined) return;
  const remembering = chainsThatRemember(unit);
  for (const { entrance, key, usesAll, usesLocal } of unit.frontends) {
    for (const endpoint of new Set([...(usesAll ? all : []), ...(usesLocal ? local : [])])) {
      const pair = `${key} . ${formatEndpoint(endpoint)}`;
      each(SETS[entrance].affinityPairs, { key: pair, data: `goto ${remembering.get(endpoint)}`, comment });
    }
  }
}

/** By endpoint. */
function chainsThatRemember({ all, local, remember }: NftablesUnit): ReadonlyMap<string, string | undefined> {
  const chains = new Map<string, string | undefined>();
  if (remember.all !== undefined) for (const endpoint of all) chains.set(endpoint, remember.all);
  if (remember.local === undefined) return chains;
  for (const endpoint of local) chains.set(endpoint, chains.has(endpoint) ? remember.both : remember.local);
  return chains;
}

/** A frontend and the unit whose endpoints it leads to. */
export interface Seating {
  readonly unit: NftablesUnit;
  readonly frontend: Frontend;
}

/**
 * The elements of a map of endpoints, made up one after the other as they are read: there may be hundreds of thousands,
 * and most of the time they are read once.
 */
export class SeatedEndpoints implements Elements {
  readonly #seatings: readonly Seating[];
  #index: ReadonlyMap<string, Element> | undefined;

  constructor(seatings: readonly Seating[]) {
    this.#seatings = seatings;
  }

  get size(): number {
    return this.#seatings.reduce(
      (sum, { unit, frontend: { usesAll, usesLocal } }) =>
        sum + (usesAll ? unit.all.length : 0) + (usesLocal ? unit.local.length : 0),
      0,
    );
  }

  get(key: string): Element | undefined {
    this.#index ??= new Map(this);
    return this.#index.get(key);
  }

  *[Symbol.iterator](): Iterator<readonly [string, Element]> {
    for (const element of this.values()) yield [element.key, element];
  }

  *keys(): Iterable<string> {
    for (const { key } of this.values()) yield key;
  }

  *values(): Iterable<Element> {
    for (const { unit, frontend } of this.#seatings) {
      const { key, usesAll, usesLocal } = frontend;
      if (usesAll) yield* seated(unit.all, key, 0, unit.comment);
      if (usesLocal) yield* seated(unit.local, key, FIRST_LOCAL_SLOT, unit.comment);
    }
  }
}

function* seated(
  endpoints: readonly string[],
  frontend: string,
  first: number,
  comment: string,
): Iterable<Element> {
  for (const [slot, endpoint] of endpoints.entries()) {
    yield { key: `${frontend} . ${first + slot}`, data: formatEndpoint(endpoint), comment };
  }
}

/** `10.0.0.1:80` as the value of a map: `10.0.0.1 . 80`. */
function formatEndpoint(text: string): string {
  const colon = text.lastIndexOf(':');
  const ip = text.startsWith('[') ? text.slice(1, colon - 1) : text.slice(0, colon);
  return `${ip} . ${text.slice(colon + 1)}`;
}

/** The other way round. */
export function parseEndpoint(value: string): string {
  const [ip = '', port = ''] = value.split(' . ');
  return formatHostPort(ip, Number(port));
}
