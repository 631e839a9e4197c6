/** A unit's elements: what it says about its endpoints once, spelled out for every frontend. */
import type { Bytes, Element, Elements } from '@menwei/netlink/nftables';
import { SETS } from './names.ts';
import { FIRST_LOCAL_SLOT } from './pick-chains.ts';
import { split } from './slots.ts';
import type { Frontend, NftablesUnit } from './unit.ts';
import { SLOT_SIZE, slotOf, slotValue } from './values.ts';

/**
 * Calls `each` for every element that no other unit has, but those that say which endpoint is in each slot.
 *
 * @param size of an endpoint's value
 */
export function forEachMember(
  unit: NftablesUnit,
  size: number,
  each: (set: string, element: Element) => void,
): void {
  for (const { set, element } of unit.members) each(set, element);
  const { comment, remember } = unit;
  if (remember.all === undefined && remember.local === undefined) return;
  const all = new Set(split(unit.all, size));
  const local = new Set(split(unit.local, size));
  const remembering = chainsThatRemember(unit, all, local);
  for (const { kind, key, usesAll, usesLocal } of unit.frontends) {
    for (const endpoint of new Set([...(usesAll ? all : []), ...(usesLocal ? local : [])])) {
      const data = `goto ${remembering.get(endpoint)}`;
      each(SETS[kind].affinityPairs, { key: key + endpoint, data, comment });
    }
  }
}

/** By endpoint. */
function chainsThatRemember(
  { remember }: NftablesUnit,
  all: ReadonlySet<Bytes>,
  local: ReadonlySet<Bytes>,
): ReadonlyMap<Bytes, string | undefined> {
  const chains = new Map<Bytes, string | undefined>();
  if (remember.all !== undefined) for (const endpoint of all) chains.set(endpoint, remember.all);
  if (remember.local === undefined) return chains;
  for (const endpoint of local) chains.set(endpoint, chains.has(endpoint) ? remember.both : remember.local);
  return chains;
}

/** A frontend and the unit whose endpoints it leads to. */
export interface UnitFrontend {
  readonly unit: NftablesUnit;
  readonly frontend: Frontend;
}

/** Some endpoints of a frontend, in slots from `first` on. */
interface SlotRange {
  readonly frontend: Bytes;
  readonly endpoints: Bytes;
  readonly first: number;
  readonly comment: string;
}

/**
 * The elements of a map of endpoints, made up one after the other as they are read: there may be hundreds of thousands,
 * and most of the time they are read once.
 */
export class EndpointElements implements Elements {
  readonly #frontends: readonly UnitFrontend[];
  /** Of an endpoint's value. */
  readonly #size: number;
  /** By frontend. */
  #index: ReadonlyMap<Bytes, readonly SlotRange[]> | undefined;

  constructor(frontends: readonly UnitFrontend[], size: number) {
    this.#frontends = frontends;
    this.#size = size;
  }

  get size(): number {
    return this.#ranges().reduce((sum, { endpoints }) => sum + endpoints.length / this.#size, 0);
  }

  get(key: Bytes): Element | undefined {
    this.#index ??= Map.groupBy(this.#ranges(), ({ frontend }) => frontend);
    for (const range of this.#index.get(key.slice(0, -SLOT_SIZE)) ?? []) {
      const from = (slotOf(key) - range.first) * this.#size;
      if (from < 0 || from >= range.endpoints.length) continue;
      return { key, data: range.endpoints.slice(from, from + this.#size), comment: range.comment };
    }
    return undefined;
  }

  *[Symbol.iterator](): Iterator<readonly [Bytes, Element]> {
    for (const element of this.values()) yield [element.key, element];
  }

  *keys(): Iterable<Bytes> {
    for (const { key } of this.values()) yield key;
  }

  *values(): Iterable<Element> {
    const size = this.#size;
    for (const { frontend, endpoints, first, comment } of this.#ranges()) {
      for (let from = 0, slot = first; from < endpoints.length; from += size, slot++) {
        yield { key: frontend + slotValue(slot), data: endpoints.slice(from, from + size), comment };
      }
    }
  }

  #ranges(): readonly SlotRange[] {
    return this.#frontends.flatMap(({ unit, frontend: { key: frontend, usesAll, usesLocal } }) => {
      const { all, local, comment } = unit;
      return [
        ...(usesAll ? [{ frontend, endpoints: all, first: 0, comment }] : []),
        ...(usesLocal ? [{ frontend, endpoints: local, first: FIRST_LOCAL_SLOT, comment }] : []),
      ];
    });
  }
}
