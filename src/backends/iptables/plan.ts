/** The desired units put together into chains, change by change. */
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePortKey } from '../../services/service-port.ts';
import type { Plan, StateChange } from '../backend.ts';
import type { ChainId } from '../xtables/chain-id.ts';
import type { ChainContent, OwnChains, Ruleset } from '../xtables/ruleset.ts';
import { type BaseChain, compileBase } from './base.ts';
import type { IptablesOptions } from './options.ts';
import type { IptablesUnit, SharedRule } from './unit.ts';

/** The rules that service ports put into one shared chain, in the order of their keys. */
interface Contributions {
  readonly keys: ServicePortKey[];
  readonly rules: (readonly string[])[];
}

export class IptablesPlan implements Plan<IptablesUnit, Ruleset> {
  readonly #options: IptablesOptions;
  readonly #units = new Map<ServicePortKey, IptablesUnit>();
  readonly #contributions = new Map<ChainId, Contributions>();
  #base: ReadonlyMap<ChainId, BaseChain> = new Map();

  constructor(options: IptablesOptions) {
    this.#options = options;
  }

  unit(key: ServicePortKey): IptablesUnit | undefined {
    return this.#units.get(key);
  }

  update(node: NodeView, units: ReadonlyMap<ServicePortKey, IptablesUnit | undefined>): StateChange<Ruleset> {
    const base = compileBase(node, this.#options);
    const touched = this.#touchedSharedChains(base, units);
    const before = this.#piece(touched, new Map(this.#ownChainsOf(units.keys())));
    this.#base = base;
    for (const [key, unit] of [...units].sort(([a], [b]) => (a < b ? -1 : 1))) this.#put(key, unit);
    return { before, after: this.#piece(touched, new OwnChainsOf(() => this.#ownChainsOf(units.keys()))) };
  }

  settle(): void {
    // Rules leave nothing to choose.
  }

  complete(): Ruleset {
    return this.#piece(this.#base.keys(), new OwnChainsOf(() => this.#ownChainsOf(this.#units.keys())));
  }

  #touchedSharedChains(
    base: ReadonlyMap<ChainId, BaseChain>,
    units: ReadonlyMap<ServicePortKey, IptablesUnit | undefined>,
  ): ReadonlySet<ChainId> {
    const touched = new Set<ChainId>();
    for (const id of new Set([...this.#base.keys(), ...base.keys()])) {
      if (!sameBase(this.#base.get(id), base.get(id))) touched.add(id);
    }
    for (const [key, unit] of units) {
      const before = this.#units.get(key)?.sharedRules ?? [];
      const after = unit?.sharedRules ?? [];
      if (sameRules(before, after)) continue;
      for (const { chain } of [...before, ...after]) touched.add(chain);
    }
    return touched;
  }

  #piece(shared: Iterable<ChainId>, own: OwnChains): Ruleset {
    const fixed = new Map<ChainId, ChainContent>();
    for (const id of shared) {
      const content = this.#sharedChain(id);
      if (content !== undefined) fixed.set(id, content);
    }
    return { own, fixed };
  }

  *#ownChainsOf(keys: Iterable<ServicePortKey>): Generator<readonly [string, string]> {
    for (const key of keys) {
      for (const { chain, lines } of this.#units.get(key)?.ownChains ?? []) yield [chain, lines];
    }
  }

  #sharedChain(id: ChainId): ChainContent | undefined {
    const base = this.#base.get(id);
    if (base === undefined || base.head === 'any') return base?.head;
    const content = [...base.head];
    for (const rules of this.#contributions.get(id)?.rules ?? []) content.push(...rules);
    content.push(...base.tail);
    return content;
  }

  #put(key: ServicePortKey, unit: IptablesUnit | undefined): void {
    const chains = new Map<ChainId, string[]>();
    for (const { chain } of this.#units.get(key)?.sharedRules ?? []) chains.set(chain, []);
    for (const { chain, rule } of unit?.sharedRules ?? []) {
      const rules = chains.get(chain);
      if (rules === undefined) chains.set(chain, [rule]);
      else rules.push(rule);
    }
    for (const [chain, rules] of chains) this.#contribute(chain, key, rules);
    if (unit === undefined) this.#units.delete(key);
    else this.#units.set(key, unit);
  }

  #contribute(chain: ChainId, key: ServicePortKey, rules: readonly string[]): void {
    let contributions = this.#contributions.get(chain);
    if (contributions === undefined) {
      contributions = { keys: [], rules: [] };
      this.#contributions.set(chain, contributions);
    }
    const index = lowerBound(contributions.keys, key);
    const present = contributions.keys[index] === key ? 1 : 0;
    if (rules.length > 0) {
      contributions.keys.splice(index, present, key);
      contributions.rules.splice(index, present, rules);
    } else if (present === 1) {
      contributions.keys.splice(index, 1);
      contributions.rules.splice(index, 1);
    }
  }
}

/** Chains straight from the units; a first sync never asks for one by name, and then no index is made. */
class OwnChainsOf implements OwnChains {
  readonly #chains: () => Iterable<readonly [string, string]>;
  #index: ReadonlyMap<string, string> | undefined;

  constructor(chains: () => Iterable<readonly [string, string]>) {
    this.#chains = chains;
  }

  get(chain: string): string | undefined {
    this.#index ??= new Map(this.#chains());
    return this.#index.get(chain);
  }

  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return this.#chains()[Symbol.iterator]();
  }
}

function sameBase(a: BaseChain | undefined, b: BaseChain | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameContent(a.head, b.head) && sameContent(a.tail, b.tail);
}

/** Most changes are of endpoints, and leave alone what all service ports share. */
function sameRules(a: readonly SharedRule[], b: readonly SharedRule[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ chain, rule }, index) => chain === b[index]?.chain && rule === b[index]?.rule)
  );
}

function sameContent(a: ChainContent, b: ChainContent): boolean {
  if (a === 'any' || b === 'any') return a === b;
  return a.length === b.length && a.every((rule, index) => rule === b[index]);
}

/** First index whose key is not smaller. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
