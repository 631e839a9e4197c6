/**
 * Session affinity after a change: which remembered clients have to be forgotten. Rules remember them, so they are no part
 * of what is compiled; what a transaction takes away says what they may not point to any more.
 */
import type { Element, TableContent, Transaction } from '../../kernel/netlink/nf-tables/model.ts';
import { affinityMapsOf } from './affinity.ts';
import { SETS } from './names.ts';

const FRONTEND_SETS = new Set(
  [SETS.ip, SETS.nodeport].flatMap((sets) => [sets.services, sets.externalLocal]),
);
const PAIR_MAPS = new Set([SETS.ip.affinityPairs, SETS.nodeport.affinityPairs]);
const FIELD_SEPARATOR = ' . ';

/** An element of the pairs of frontend and endpoint. */
interface Pair {
  readonly frontend: string;
  readonly endpoint: string;
  /** Where the endpoint's clients are remembered. */
  readonly maps: readonly string[];
}

/** Endpoints that are gone, by the map of clients they were in. */
export class Forgotten {
  readonly #endpoints = new Map<string, Set<string>>();

  /** The maps that may hold clients of them. */
  get maps(): readonly string[] {
    return [...this.#endpoints.keys()];
  }

  note(transaction: Transaction): void {
    const added = elementsOf(transaction, 'add elements');
    const deleted = elementsOf(transaction, 'delete elements');
    const staying = endpointsByMap(added.pairs);
    const gone = deleted.frontends.difference(added.frontends);
    const fresh = added.frontends.difference(deleted.frontends);
    const moved = new Set(added.pairs.flatMap(({ frontend, maps }) => (fresh.has(frontend) ? maps : [])));
    for (const { frontend, endpoint, maps } of deleted.pairs) {
      for (const map of maps) {
        if (staying.get(map)?.has(endpoint)) continue;
        // A frontend that is gone says nothing about the endpoint: others may still lead there. New ones would say so.
        if (gone.has(frontend) && !moved.has(map)) continue;
        this.#note(map, endpoint);
      }
    }
    // Clients of a map that is deleted are forgotten with it.
    for (const operation of transaction) {
      if (operation.do === 'delete set') this.#endpoints.delete(operation.set);
      if (operation.do === 'delete table') this.#endpoints.clear();
    }
  }

  #note(map: string, endpoint: string): void {
    const endpoints = this.#endpoints.get(map) ?? new Set();
    this.#endpoints.set(map, endpoints.add(endpoint));
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

/** Which endpoints each map of clients may point to, as the pairs of a whole table say. */
export function rememberedEndpoints({ elements }: TableContent): ReadonlyMap<string, ReadonlySet<string>> {
  const pairs = [...PAIR_MAPS].flatMap((map) => Array.from(elements.get(map)?.values() ?? [], pairOf));
  return endpointsByMap(pairs);
}

interface Noted {
  readonly frontends: ReadonlySet<string>;
  readonly pairs: readonly Pair[];
}

/** What of all that concerns session affinity. Keys of the two entrances differ. */
function elementsOf(transaction: Transaction, what: 'add elements' | 'delete elements'): Noted {
  const frontends = new Set<string>();
  const pairs: Pair[] = [];
  for (const operation of transaction) {
    if (operation.do !== what) continue;
    const { name } = operation.set;
    if (FRONTEND_SETS.has(name)) for (const { key } of operation.elements) frontends.add(key);
    if (!PAIR_MAPS.has(name)) continue;
    for (const element of operation.elements) pairs.push(pairOf(element));
  }
  return { frontends, pairs };
}

function endpointsByMap(pairs: readonly Pair[]): ReadonlyMap<string, ReadonlySet<string>> {
  const endpoints = new Map<string, Set<string>>();
  for (const { endpoint, maps } of pairs) {
    for (const map of maps) endpoints.set(map, (endpoints.get(map) ?? new Set()).add(endpoint));
  }
  return endpoints;
}

/** The key is `10.96.0.1 . tcp . 80 . 10.0.0.1 . 8080`: an endpoint has two fields. */
function pairOf({ key, data = '' }: Element): Pair {
  const port = key.lastIndexOf(FIELD_SEPARATOR);
  const address = key.lastIndexOf(FIELD_SEPARATOR, port - 1);
  return {
    frontend: key.slice(0, address),
    endpoint: key.slice(address + FIELD_SEPARATOR.length),
    maps: affinityMapsOf(data),
  };
}
