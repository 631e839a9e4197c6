/**
 * Round robin over the endpoints of one listener; who has more than one turn has them anywhere in the round. Pure: chance is
 * an argument.
 */
import type { RelayEndpoint } from './contract.ts';

export class Rotation {
  readonly #random: () => number;
  /** A round: each as often as it has turns. */
  #endpoints: readonly RelayEndpoint[] = [];
  #byText: ReadonlyMap<string, RelayEndpoint> = new Map();
  #cursor = 0;

  /** @param random a number in [0, 1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The turn goes on if these are the same endpoints as before, and starts in a new random order otherwise. */
  update(endpoints: readonly RelayEndpoint[]): void {
    if (endpoints.length === this.#byText.size && endpoints.every((endpoint) => this.#has(endpoint))) return;
    const round = endpoints.flatMap((endpoint) => Array<RelayEndpoint>(endpoint.turns ?? 1).fill(endpoint));
    this.#endpoints = shuffled(round, this.#random);
    this.#byText = new Map(endpoints.map((endpoint) => [endpoint.text, endpoint]));
    this.#cursor = 0;
  }

  find(text: string): RelayEndpoint | undefined {
    return this.#byText.get(text);
  }

  /**
   * Whose turn it is, of those not tried yet. Those that are to be avoided come last; they are passed over in a way that
   * their turns go to all others alike.
   */
  next(tried: ReadonlySet<string>, isAvoided: (text: string) => boolean): RelayEndpoint | undefined {
    const count = this.#endpoints.length;
    let lastResort: number | undefined;
    for (let step = 0; step < count; step++) {
      const index = (this.#cursor + step) % count;
      const endpoint = this.#endpoints[index];
      if (endpoint === undefined || tried.has(endpoint.text)) continue;
      if (!isAvoided(endpoint.text)) return this.#take(index);
      lastResort ??= index;
    }
    return lastResort === undefined ? undefined : this.#take(lastResort);
  }

  #has({ text, turns }: RelayEndpoint): boolean {
    const present = this.#byText.get(text);
    return present !== undefined && present.turns === turns;
  }

  #take(index: number): RelayEndpoint | undefined {
    this.#cursor = (index + 1) % this.#endpoints.length;
    return this.#endpoints[index];
  }
}

/** Fisher and Yates's. */
function shuffled<T>(items: readonly T[], random: () => number): readonly T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [order[last], order[other]];
    if (a === undefined || b === undefined) throw new Error(`BUG: no item ${last} or ${other} to swap`);
    order[last] = b;
    order[other] = a;
  }
  return order;
}
