/** Which chains a mode has in the iptables tables, and how packets get there. */
import { type ChainId, splitChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import { formatRule, type Rule } from '@menwei/netfilter/iptables/rule.ts';

/** A rule in a built-in chain that leads to one of ours. */
export interface Jump {
  readonly from: ChainId;
  readonly to: ChainId;
  readonly rule: Rule;
}

export interface Layout {
  /** In the order in which they are put in front of what is there, so that the last one of a chain comes to stand first. */
  readonly jumps: readonly Jump[];
  /** Exist without any Service. */
  readonly fixedChains: ReadonlySet<ChainId>;
  /** Those of them that other programs use too: cleanup leaves them alone, and what leads to them. */
  readonly keptChains?: ReadonlySet<ChainId>;
  /** Whether a nat chain belongs to a service port, so that it may be deleted when no service port needs it. */
  readonly isOwnChain: (chain: string) => boolean;
}

export function jump(from: ChainId, to: ChainId, comment?: string, connectionState?: string): Jump {
  const rule: Rule = {
    ...(comment === undefined ? {} : { comment }),
    ...(connectionState === undefined ? {} : { connectionState }),
    target: splitChainId(to).chain,
  };
  return { from, to, rule };
}

/** The rules of each built-in chain, in the order of the jumps. */
export function jumpRules(jumps: readonly Jump[]): ReadonlyMap<ChainId, readonly Rule[]> {
  const byChain = Map.groupBy(jumps, ({ from }) => from);
  return new Map(Array.from(byChain, ([from, some]) => [from, some.map(({ rule }) => rule)]));
}

/** The same text for the same jump, whichever mode has it. */
export function jumpText({ from, rule }: Pick<Jump, 'from' | 'rule'>): string {
  return `${from} ${formatRule(rule)}`;
}
