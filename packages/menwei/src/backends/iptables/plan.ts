/** The desired units put together into chains, change by change. */

import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import type { OwnChains, Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { done, type Steps } from '../../scheduling/steps.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePortKey } from '../../state/service-port.ts';
import type { Plan, StateChange } from '../backend.ts';
import { AnsweredIPs } from '../xtables/load-balancer-rules.ts';
import { countChanged, NO_RULES, type RuleCounts } from '../xtables/rule-counts.ts';
import { type ContributionChange, SharedChains } from '../xtables/shared-chains.ts';
import { compileBase } from './base.ts';
import type { IptablesOptions } from './options.ts';
import type { IptablesUnit } from './unit.ts';

const NONE: readonly string[] = [];

export class IptablesPlan implements Plan<IptablesUnit, Ruleset> {
  readonly #options: IptablesOptions;
  readonly #units = new Map<ServicePortKey, IptablesUnit>();
  readonly #shared = new SharedChains();
  readonly #answeredIPs: AnsweredIPs;
  #ruleCounts: RuleCounts = NO_RULES;

  constructor(options: IptablesOptions) {
    this.#options = options;
    this.#answeredIPs = new AnsweredIPs(options.family);
  }

  unit(key: ServicePortKey): IptablesUnit | undefined {
    return this.#units.get(key);
  }

  update(node: NodeView, units: ReadonlyMap<ServicePortKey, IptablesUnit | undefined>): StateChange<Ruleset> {
    const contributions = Array.from(
      units,
      ([key, unit]): ContributionChange => ({
        key,
        before: this.#units.get(key)?.sharedRules ?? [],
        after: unit?.sharedRules ?? [],
      }),
    );
    for (const [key, unit] of units) {
      this.#answeredIPs.replace(this.#units.get(key)?.answeredVIPs ?? NONE, unit?.answeredVIPs ?? NONE);
    }
    const base = compileBase(node, this.#options, this.#answeredIPs.rules(node.ownIP));
    const shared = this.#shared.update(base, contributions);
    const ownBefore = new Map(this.#ownChainsOf(units.keys()));
    for (const [key, unit] of units) {
      if (unit === undefined) this.#units.delete(key);
      else this.#units.set(key, unit);
    }
    const ownAfter = new OwnChainsOf(() => this.#ownChainsOf(units.keys()));
    const change = {
      before: { own: ownBefore, fixed: shared.before },
      after: { own: ownAfter, fixed: shared.after },
    };
    this.#ruleCounts = countChanged(this.#ruleCounts, change);
    return change;
  }

  settle(): Steps<void> {
    // Rules leave nothing to choose.
    return done(undefined);
  }

  complete(): Ruleset {
    const own = new OwnChainsOf(() => this.#ownChainsOf(this.#units.keys()));
    return { own, fixed: this.#shared.complete() };
  }

  /** Which service port has a chain of its own. */
  chainOwners(): ReadonlyMap<string, ServicePortKey> {
    const owners = new Map<string, ServicePortKey>();
    for (const [key, { ownChains }] of this.#units) for (const { chain } of ownChains) owners.set(chain, key);
    return owners;
  }

  ruleCounts(): RuleCounts {
    return this.#ruleCounts;
  }

  *#ownChainsOf(keys: Iterable<ServicePortKey>): Generator<readonly [string, readonly Rule[]]> {
    for (const key of keys) {
      for (const { chain, rules } of this.#units.get(key)?.ownChains ?? []) yield [chain, rules];
    }
  }
}

/** Chains straight from the units; a first sync never asks for one by name, and then no index is made. */
class OwnChainsOf implements OwnChains {
  readonly #chains: () => Iterable<readonly [string, readonly Rule[]]>;
  #index: ReadonlyMap<string, readonly Rule[]> | undefined;

  constructor(chains: () => Iterable<readonly [string, readonly Rule[]]>) {
    this.#chains = chains;
  }

  get(chain: string): readonly Rule[] | undefined {
    this.#index ??= new Map(this.#chains());
    return this.#index.get(chain);
  }

  [Symbol.iterator](): Iterator<readonly [string, readonly Rule[]]> {
    return this.#chains()[Symbol.iterator]();
  }
}
