/** How many rules of ours there are in each table, as kube-proxy counts them: without the jumps in built-in chains. */
import { splitChainId, type Table } from '@menwei/netfilter/iptables/chain-id.ts';
import type { RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import { isBuiltinChain, type Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import type { StateChange } from '../backend.ts';

export type RuleCounts = Readonly<Record<'nat' | 'filter', number>>;

export const NO_RULES: RuleCounts = { nat: 0, filter: 0 };

/** After a change; costs as much as the part that it touches. */
export function countChanged(counts: RuleCounts, { before, after }: StateChange<Ruleset>): RuleCounts {
  const [less, more] = [countRules(before), countRules(after)];
  return { nat: counts.nat - less.nat + more.nat, filter: counts.filter - less.filter + more.filter };
}

/** Rules that a script writes into our chains. */
export function countWritten(script: RestoreScript): RuleCounts {
  const counts = { nat: 0, filter: 0 };
  for (const { table, refills, insertions } of script) {
    if (!isCounted(table)) continue;
    for (const { rules } of refills) counts[table] += rules.length;
    counts[table] += insertions.filter(({ chain }) => !isBuiltinChain(chain)).length;
  }
  return counts;
}

function countRules({ own, fixed }: Ruleset): RuleCounts {
  const counts = { nat: 0, filter: 0 };
  for (const [, rules] of own) counts.nat += rules.length;
  for (const [id, content] of fixed) {
    const { table, chain } = splitChainId(id);
    if (content !== 'any' && isCounted(table) && !isBuiltinChain(chain)) counts[table] += content.length;
  }
  return counts;
}

function isCounted(table: Table): table is keyof RuleCounts {
  return table === 'nat' || table === 'filter';
}
