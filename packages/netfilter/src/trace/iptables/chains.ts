/** The rules of a Ruleset in the order in which a packet meets them. */
import { type ChainId, chainId, splitChainId } from '../../iptables/chain-id.ts';
import { type HeldRule, isForeign, type Rule } from '../../iptables/rule.ts';
import { type ChainContent, isBuiltinChain, type Ruleset } from '../../iptables/ruleset.ts';

export type Chains = ReadonlyMap<ChainId, readonly Rule[]>;

/** Throws if a rule is none that we write. */
export function readChains({ fixed, own }: Ruleset): Chains {
  const chains = new Map<ChainId, readonly Rule[]>();
  for (const [id, content] of fixed) chains.set(id, inOrder(id, content).map(known));
  for (const [chain, rules] of own) chains.set(chainId('nat', chain), rules.map(known));
  return chains;
}

/** Jumps are put in front of each other, so the last one stands first. Rules of others are not known. */
function inOrder(id: ChainId, content: ChainContent): readonly HeldRule[] {
  if (content === 'any') return [];
  return isBuiltinChain(splitChainId(id).chain) ? content.toReversed() : content;
}

function known(rule: HeldRule): Rule {
  if (isForeign(rule)) throw new Error(`not like any rule of ours: ${rule.foreign}`);
  return rule;
}
