/**
 * Session affinity after a change: which remembered clients have to be forgotten. The kernel remembers them by itself,
 * so they are no part of what is compiled; what a transaction takes away says what they may not point to any more.
 */
import type { Element, Transaction } from '../../kernel/netlink/nf-tables/model.ts';
import { type Entrance, SETS } from './names.ts';

const ENTRANCES: readonly Entrance[] = ['ip', 'nodeport'];

/** For each entrance: pairs of frontend and endpoint, or whole frontends, as keys of the maps are written. */
export class Forgotten {
  readonly #pairs: Readonly<Record<Entrance, Set<string>>> = { ip: new Set(), nodeport: new Set() };
  readonly #frontends: Readonly<Record<Entrance, Set<string>>> = { ip: new Set(), nodeport: new Set() };

  /** The maps that may hold such clients. */
  get entrances(): readonly Entrance[] {
    return ENTRANCES.filter((entrance) => this.#pairs[entrance].size + this.#frontends[entrance].size > 0);
  }

  note(transaction: Transaction): void {
    for (const operation of transaction) {
      if (operation.do !== 'add elements' && operation.do !== 'delete elements') continue;
      for (const entrance of ENTRANCES) this.#note(entrance, operation);
    }
  }

  #note(
    entrance: Entrance,
    { do: what, set, elements }: Extract<Transaction[number], { readonly elements: unknown }>,
  ): void {
    const { affinityPairs, externalLocal } = SETS[entrance];
    if (set.name === affinityPairs) {
      // A pair that comes back in the same transaction has only got another timeout.
      for (const { key } of elements) {
        if (what === 'delete elements') this.#pairs[entrance].add(key);
        else this.#pairs[entrance].delete(key);
      }
    }
    // From now on outsiders may go to this node's endpoints only, and nothing tells them from pods.
    if (set.name === externalLocal && what === 'add elements') {
      for (const { key } of elements) this.#frontends[entrance].add(key);
    }
  }

  /** Whether an element of the entrance's map of clients is about something noted. */
  isAbout(entrance: Entrance, { key, data }: Element): boolean {
    // The key begins with the client.
    const frontend = key.slice(key.indexOf(' . ') + ' . '.length);
    return this.#frontends[entrance].has(frontend) || this.#pairs[entrance].has(`${frontend} . ${data}`);
  }

  clear(): void {
    for (const entrance of ENTRANCES) {
      this.#pairs[entrance].clear();
      this.#frontends[entrance].clear();
    }
  }
}
