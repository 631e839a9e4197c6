/** A piece of the kernel's iptables rules: the State of this backend. */
import type { ChainId } from './chain-id.ts';

/**
 * What a fixed or built-in chain holds, rule by rule without `-A CHAIN`: of a fixed chain all rules in order, of a
 * built-in chain just our jumps. `any`: the chain must exist, and its rules are somebody else's affair.
 */
export type ChainContent = readonly string[] | 'any';

/** Chains that belong to one service port each, by name, with their lines (see OwnChain). */
export interface OwnChains extends Iterable<readonly [chain: string, lines: string]> {
  get(chain: string): string | undefined;
}

/** A chain that is not named does not exist, or is outside of the piece at hand. */
export interface Ruleset {
  readonly own: OwnChains;
  readonly fixed: ReadonlyMap<ChainId, ChainContent>;
}

export const EMPTY_RULESET: Ruleset = { own: new Map(), fixed: new Map() };

/** Built-in chains belong to the kernel: we only put our jumps in. */
export function isBuiltinChain(chain: string): boolean {
  return !chain.startsWith('KUBE-');
}
