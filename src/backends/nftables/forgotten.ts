/**
 * Session affinity after a change: which remembered clients have to be forgotten. Rules remember them, so they are no part
 * of what is compiled; what a transaction takes away says what they may not point to any more.
 */
import type { Element, Operation, Transaction } from '../../kernel/netlink/nf-tables/model.ts';
import { affinityMapsOf } from './affinity.ts';
import { type Entrance, SETS } from './names.ts';

const ENTRANCES: readonly Entrance[] = ['ip', 'nodeport'];
const FIELD_SEPARATOR = ' . ';

/** Endpoints that are gone, by the map of clients they were in. */
export class Forgotten {
  readonly #endpoints = new Map<string, Set<string>>();

  /** The maps that may hold clients of them. */
  get maps(): readonly string[] {
    return [...this.#endpoints.keys()];
  }

  note(transaction: Transaction): void {
    const deleted = transaction.filter((operation) => operation.do === 'delete elements');
    const added = transaction.filter((operation) => operation.do === 'add elements');
    for (const entrance of ENTRANCES) {
      const { affinityPairs, services, externalLocal } = SETS[entrance];
      const kept = keysOf(added, [affinityPairs, services, externalLocal]);
      const goneFrontends = keysOf(deleted, [services, externalLocal]).difference(kept);
      for (const { key, data = '' } of elementsOf(deleted, affinityPairs)) {
        const { frontend, endpoint } = splitPair(key);
        // A frontend that is gone says nothing about the endpoint, which the others may still lead to.
        if (kept.has(key) || goneFrontends.has(frontend)) continue;
        for (const map of affinityMapsOf(data)) this.#note(map, endpoint);
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

function elementsOf(operations: readonly Operation[], set: string): readonly Element[] {
  return operations.flatMap((operation) =>
    'elements' in operation && operation.set.name === set ? [...operation.elements] : [],
  );
}

function keysOf(operations: readonly Operation[], sets: readonly string[]): Set<string> {
  return new Set(sets.flatMap((set) => elementsOf(operations, set).map(({ key }) => key)));
}

/** `10.96.0.1 . tcp . 80 . 10.0.0.1 . 8080`: an endpoint has two fields. */
function splitPair(pair: string): { readonly frontend: string; readonly endpoint: string } {
  const port = pair.lastIndexOf(FIELD_SEPARATOR);
  const address = pair.lastIndexOf(FIELD_SEPARATOR, port - 1);
  return { frontend: pair.slice(0, address), endpoint: pair.slice(address + FIELD_SEPARATOR.length) };
}
