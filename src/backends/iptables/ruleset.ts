/** A piece of the kernel's iptables rules: the State of this backend. */
import { type ChainId, FILTER_FIREWALL, FIXED_CHAINS, isPerServiceChain, splitChainId } from './names.ts';

/**
 * What a chain holds, rule by rule without `-A CHAIN`:
 * for a chain of ours all its rules in order; for a built-in chain just our jumps, in the order of {@link JUMPS};
 * `any`: the chain must exist, and its rules are somebody else's affair.
 */
export type ChainContent = readonly string[] | 'any';

/** Chains by id. A chain that is not named does not exist, or is outside of the piece at hand. */
export type Ruleset = ReadonlyMap<ChainId, ChainContent>;

/** Built-in chains belong to the kernel: we only put our jumps in. */
export function isBuiltinChain(chain: string): boolean {
  return !chain.startsWith('KUBE-');
}

const FIXED: ReadonlySet<ChainId> = new Set([...FIXED_CHAINS, FILTER_FIREWALL]);

/** Whether a chain is one that this backend programs. */
export function isOurChain(id: ChainId): boolean {
  const { table, chain } = splitChainId(id);
  return FIXED.has(id) || (table === 'nat' && isPerServiceChain(chain));
}
