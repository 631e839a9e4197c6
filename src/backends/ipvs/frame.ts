/**
 * The iptables rules, which are as many whatever the number of Services (spec § 6.4). A rule that asks a set is left out
 * while the set is empty where kube-proxy does so, and ours always.
 */
import type { ChainId } from '../xtables/chain-id.ts';
import { formatRule } from '../xtables/rule.ts';
import { filterRules } from './filter-rules.ts';
import type { FrameFacts } from './frame-facts.ts';
import { JUMPS } from './layout.ts';
import { natRules } from './nat-rules.ts';

export type Chains = ReadonlyMap<ChainId, readonly string[]>;

/** The rules of every chain of ours, and the jumps from the built-in ones. */
export function frameChains(facts: FrameFacts): Chains {
  const chains = new Map<ChainId, readonly string[]>();
  for (const [id, rules] of [...natRules(facts), ...filterRules(facts)])
    chains.set(id, rules.map(formatRule));
  for (const [from, jumps] of Map.groupBy(JUMPS, (each) => each.from)) {
    chains.set(
      from,
      jumps.map(({ rule }) => rule),
    );
  }
  return chains;
}
