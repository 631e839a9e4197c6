/** A piece of the kernel's iptables rules, as data. */
import type { ChainId } from './chain-id.ts';
import type { HeldRule } from './rule.ts';

/**
 * What a fixed or built-in chain holds: of a fixed chain all rules in order, of a
 * built-in chain just our jumps. `any`: the chain must exist, and its rules are somebody else's affair.
 */
export type ChainContent = readonly HeldRule[] | 'any';

/** Chains in nat that belong to one service port each, by name. */
export interface OwnChains extends Iterable<readonly [chain: string, rules: readonly HeldRule[]]> {
  get(chain: string): readonly HeldRule[] | undefined;
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
