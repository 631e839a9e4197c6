/**
 * The iptables rules, which are as many whatever the number of Services (spec § 6.4). A rule that asks a set is left out
 * while the set is empty where kube-proxy does so, and ours always.
 */
import { formatRule } from '@menwei/netfilter/iptables/rule.ts';
import type { BaseChains } from '../xtables/shared-chains.ts';
import { filterRules } from './filter-rules.ts';
import type { FrameFacts } from './frame-facts.ts';
import { JUMPS } from './layout.ts';
import { natRules } from './nat-rules.ts';

/** The rules of every chain of ours, and the jumps from the built-in ones. */
export function frameChains(facts: FrameFacts): BaseChains {
  const chains = [...natRules(facts), ...filterRules(facts)].map(
    ([id, rules]) => [id, rules.map(formatRule)] as const,
  );
  const jumps = [...Map.groupBy(JUMPS, ({ from }) => from)].map(
    ([from, some]) => [from, some.map(({ rule }) => rule)] as const,
  );
  return new Map([...chains, ...jumps].map(([id, head]) => [id, { head, tail: [] }]));
}
