/** Whether our chains have as many rules as they should, where the kernel can count them. Cheaper than reading them all. */
import type { RuleTally } from '@menwei/kernel/iptables-probe.ts';
import { type ChainId, chainId, splitChainId, type Table } from '@menwei/netfilter/iptables/chain-id.ts';
import { type HeldRule, isForeign } from '@menwei/netfilter/iptables/rule.ts';
import { isBuiltinChain, type Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';

/** Chains of a table in which something is missing, or is that should not be. */
export function miscountedChains(
  table: Table,
  wanted: Ruleset,
  counted: RuleTally,
  isOwnChain: (chain: string) => boolean,
): readonly ChainId[] {
  const wrong: ChainId[] = [];
  for (const [id, content] of wanted.fixed) {
    const { table: its, chain } = splitChainId(id);
    if (its !== table || content === 'any') continue;
    const isRight = isBuiltinChain(chain)
      ? leadsTo(counted.get(chain)?.targets ?? [], content)
      : (counted.get(chain)?.rules ?? 0) === content.length;
    if (!isRight) wrong.push(id);
  }
  if (table === 'nat') wrong.push(...miscountedOwnChains(wanted, counted, isOwnChain));
  return wrong;
}

function miscountedOwnChains(
  { own }: Ruleset,
  counted: RuleTally,
  isOwnChain: (chain: string) => boolean,
): readonly ChainId[] {
  const wrong: ChainId[] = [];
  const unknown = new Set([...counted.keys()].filter(isOwnChain));
  for (const [chain, rules] of own) {
    unknown.delete(chain);
    if ((counted.get(chain)?.rules ?? 0) !== rules.length) wrong.push(chainId('nat', chain));
  }
  return [...wrong, ...[...unknown].map((chain) => chainId('nat', chain))];
}

/** Among the rules of others, there are as many that lead where ours do. */
function leadsTo(targets: readonly string[], jumps: readonly HeldRule[]): boolean {
  const wanted = Map.groupBy(jumps, (rule) => (isForeign(rule) ? undefined : rule.target));
  return [...wanted].every(
    ([target, rules]) => targets.filter((each) => each === target).length >= rules.length,
  );
}
