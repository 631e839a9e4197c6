/**
 * Session affinity after a change: which remembered clients have to be forgotten. Rules remember them, so they are no part
 * of what is compiled; but the pairs of frontend and endpoint say whom a Service may lead to, before and after.
 */
import type { Bytes, Element, TableContent } from '@menwei/netlink/nftables';
import { affinityMapsOf } from './affinity.ts';
import { SETS } from './names.ts';
import type { NftablesState, Parting } from './state.ts';
import { endpointSize } from './values.ts';

const PAIR_MAPS = [SETS.ip.affinityPairs, SETS.nodeport.affinityPairs];

export function partingOf(from: NftablesState, to: NftablesState): Parting {
  if (from === undefined) return { endpoints: new Map(), maps: [] };
  const isKept = (map: string) => to?.sets.has(map) === true;
  const staying = to === undefined ? new Map<string, ReadonlySet<Bytes>>() : rememberedEndpoints(to);
  const endpoints = new Map<string, ReadonlySet<Bytes>>();
  for (const [map, all] of rememberedEndpoints(from)) {
    const gone = all.difference(staying.get(map) ?? new Set());
    if (gone.size > 0 && isKept(map)) endpoints.set(map, gone);
  }
  return { endpoints, maps: [...from.sets.keys()].filter((set) => !isKept(set)) };
}

/** Endpoints that are gone, by the map of clients they were in. */
export class Forgotten {
  readonly #endpoints = new Map<string, Set<Bytes>>();

  /** The maps that may hold clients of them. */
  get maps(): readonly string[] {
    return [...this.#endpoints.keys()];
  }

  note({ endpoints, maps }: Parting): void {
    for (const [map, gone] of endpoints) {
      this.#endpoints.set(map, (this.#endpoints.get(map) ?? new Set<Bytes>()).union(gone));
    }
    for (const map of maps) this.#endpoints.delete(map);
  }

  /** Whether an element of the map of clients points to one of them. */
  isAbout(map: string, { data }: Element): boolean {
    return data !== undefined && this.#endpoints.get(map)?.has(data) === true;
  }

  /** The clients of this map have been forgotten. */
  done(map: string): void {
    this.#endpoints.delete(map);
  }
}

/** Which endpoints each map of clients may point to, as the pairs of a table say. */
export function rememberedEndpoints({
  table,
  elements,
}: TableContent): ReadonlyMap<string, ReadonlySet<Bytes>> {
  const endpoints = new Map<string, Set<Bytes>>();
  const size = endpointSize(table.family);
  for (const name of PAIR_MAPS) {
    for (const { key, data = '' } of elements.get(name)?.values() ?? []) {
      for (const map of affinityMapsOf(data)) {
        // A pair is a frontend and an endpoint.
        endpoints.set(map, (endpoints.get(map) ?? new Set()).add(key.slice(-size)));
      }
    }
  }
  return endpoints;
}
