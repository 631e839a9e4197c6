/** The desired iptables rules: the frame, and what service ports put into the one chain that they fill. */
import { isDeepStrictEqual } from 'node:util';
import type { ServicePortKey } from '../../services/service-port.ts';
import type { StateChange } from '../backend.ts';
import type { ChainId } from '../xtables/chain-id.ts';
import { EMPTY_RULESET, type Ruleset } from '../xtables/ruleset.ts';
import { type Chains, frameChains } from './frame.ts';
import type { FrameFacts } from './frame-facts.ts';
import { FILTER_IPVS_OUT } from './names.ts';
import { SET_IDS } from './sets.ts';

export class RulePlan {
  readonly #outFilter = new Map<ServicePortKey, readonly string[]>();
  /** What the frame was made of. */
  #basis: unknown;
  #frame: Chains = new Map();
  #outRules: readonly string[] = [];
  #isOutdated = false;

  /** Takes effect with the next update. */
  putOutFilterRules(key: ServicePortKey, rules: readonly string[]): void {
    if (isDeepStrictEqual(this.#outFilter.get(key) ?? [], rules)) return;
    this.#isOutdated = true;
    if (rules.length === 0) this.#outFilter.delete(key);
    else this.#outFilter.set(key, rules);
  }

  /** Returns the chains that change, before and after. */
  update(facts: FrameFacts): StateChange<Ruleset> {
    const basis = { detectLocal: facts.detectLocal, filled: SET_IDS.filter(facts.isFilled) };
    if (!this.#isOutdated && isDeepStrictEqual(basis, this.#basis)) {
      return { before: EMPTY_RULESET, after: EMPTY_RULESET };
    }
    const before = this.#chains();
    this.#basis = basis;
    this.#frame = frameChains(facts);
    if (this.#isOutdated) {
      const contributions = [...this.#outFilter].sort(([a], [b]) => (a < b ? -1 : 1));
      this.#outRules = contributions.flatMap(([, rules]) => rules);
      this.#isOutdated = false;
    }
    const after = this.#chains();
    return { before: differing(before, after), after: differing(after, before) };
  }

  complete(): Ruleset {
    return { own: new Map(), fixed: this.#chains() };
  }

  #chains(): Chains {
    return this.#frame.size === 0
      ? this.#frame
      : new Map([...this.#frame, [FILTER_IPVS_OUT, this.#outRules]]);
  }
}

/** The chains that are otherwise in another state. */
function differing(chains: Chains, other: Chains): Ruleset {
  const fixed = new Map<ChainId, readonly string[]>();
  for (const [id, rules] of chains) if (!isDeepStrictEqual(rules, other.get(id))) fixed.set(id, rules);
  return { own: new Map(), fixed };
}
