/** The chains in which all service ports have their rules, put together change by change. */

import type { ChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import type { HeldRule, Rule } from '@menwei/netfilter/iptables/rule.ts';
import type { ChainContent } from '@menwei/netfilter/iptables/ruleset.ts';
import { isSameRule } from '@menwei/netfilter/iptables/same-rule.ts';
import type { ServicePortKey } from '../../state/service-port.ts';
import type { StateChange } from '../backend.ts';

/** A rule that a service port contributes to a shared chain. */
export interface SharedRule {
  readonly chain: ChainId;
  readonly rule: Rule;
}

/** What stands before and after the rules of the service ports in a chain. */
export interface BaseChain {
  readonly head: ChainContent;
  readonly tail: readonly Rule[];
}

/** Built-in chains with our jumps are among them. One that is not named does not exist. */
export type BaseChains = ReadonlyMap<ChainId, BaseChain>;

/** The rules of one service port in all shared chains, as they were and as they are to be. */
export interface ContributionChange {
  readonly key: ServicePortKey;
  readonly before: readonly SharedRule[];
  readonly after: readonly SharedRule[];
}

export type SharedContents = ReadonlyMap<ChainId, ChainContent>;

/** What service ports put into one chain, in the order of their keys. */
interface Contributions {
  readonly keys: ServicePortKey[];
  readonly rules: (readonly Rule[])[];
}

export class SharedChains {
  readonly #contributions = new Map<ChainId, Contributions>();
  #base: BaseChains = new Map();

  /** Makes the changes and returns the chains they touch, before and after. */
  update(base: BaseChains, changes: readonly ContributionChange[]): StateChange<SharedContents> {
    const touched = this.#touched(base, changes);
    const before = this.#contents(touched);
    this.#base = base;
    // In the order of the keys, the many of a first sync each come to stand last.
    for (const change of changes.toSorted((a, b) => (a.key < b.key ? -1 : 1))) this.#put(change);
    return { before, after: this.#contents(touched) };
  }

  complete(): SharedContents {
    return this.#contents(this.#base.keys());
  }

  #touched(base: BaseChains, changes: readonly ContributionChange[]): ReadonlySet<ChainId> {
    const touched = new Set<ChainId>();
    for (const id of new Set([...this.#base.keys(), ...base.keys()])) {
      if (!sameBase(this.#base.get(id), base.get(id))) touched.add(id);
    }
    for (const { before, after } of changes) {
      if (sameRules(before, after)) continue;
      for (const { chain } of [...before, ...after]) touched.add(chain);
    }
    return touched;
  }

  #contents(ids: Iterable<ChainId>): SharedContents {
    const contents = new Map<ChainId, ChainContent>();
    for (const id of ids) {
      const content = this.#content(id);
      if (content !== undefined) contents.set(id, content);
    }
    return contents;
  }

  #content(id: ChainId): ChainContent | undefined {
    const base = this.#base.get(id);
    if (base === undefined || base.head === 'any') return base?.head;
    const content = [...base.head];
    for (const rules of this.#contributions.get(id)?.rules ?? []) content.push(...rules);
    content.push(...base.tail);
    return content;
  }

  #put({ key, before, after }: ContributionChange): void {
    const chains = new Map<ChainId, Rule[]>();
    for (const { chain } of before) chains.set(chain, []);
    for (const { chain, rule } of after) {
      const rules = chains.get(chain);
      if (rules === undefined) chains.set(chain, [rule]);
      else rules.push(rule);
    }
    for (const [chain, rules] of chains) this.#contribute(chain, key, rules);
  }

  #contribute(chain: ChainId, key: ServicePortKey, rules: readonly Rule[]): void {
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

function sameBase(a: BaseChain | undefined, b: BaseChain | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameContent(a.head, b.head) && sameContent(a.tail, b.tail);
}

/** Most changes are of endpoints, and leave alone what all service ports share. */
function sameRules(a: readonly SharedRule[], b: readonly SharedRule[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ chain, rule }, index) => {
      const other = b[index];
      return other !== undefined && chain === other.chain && isSameRule(rule, other.rule);
    })
  );
}

function sameContent(a: ChainContent, b: ChainContent): boolean {
  if (a === b || a === 'any' || b === 'any') return a === b;
  return a.length === b.length && a.every((rule, index) => isSame(rule, b[index]));
}

function isSame(a: HeldRule, b: HeldRule | undefined): boolean {
  return b !== undefined && isSameRule(a, b);
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
