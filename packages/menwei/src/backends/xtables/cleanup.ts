/** Taking everything of a mode out of the kernel again (spec § 4.14). */
import {
  CANARY,
  type ChainId,
  splitChainId,
  TABLES,
  type Table,
} from '@menwei/netfilter/iptables/chain-id.ts';
import type { RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { isSameRule } from '@menwei/netfilter/iptables/same-rule.ts';
import type { Jump, Layout } from './layout.ts';

/** The script that removes our jumps and chains, but for what other programs use too. */
export function cleanupScript(held: Ruleset, layout: Layout): RestoreScript {
  return TABLES.flatMap((table) => {
    const chains = chainsOf(held, layout, table);
    const deletions = layout.jumps
      .filter(({ from }) => splitChainId(from).table === table)
      .filter((jump) => isHeld(held, jump) && !isKept(layout, jump.to))
      .map(({ from, rule }) => ({ chain: splitChainId(from).chain, rule }));
    if (chains.length === 0 && deletions.length === 0) return [];
    return [{ table, chains, deletions, refills: [], insertions: [], removedChains: chains }];
  });
}

function chainsOf(held: Ruleset, layout: Layout, table: Table): readonly string[] {
  const fixed = [...held.fixed.keys()]
    .filter((id) => layout.fixedChains.has(id) || splitChainId(id).chain === CANARY)
    .filter((id) => !isKept(layout, id))
    .map(splitChainId)
    .filter((id) => id.table === table)
    .map((id) => id.chain);
  return table === 'nat' ? [...fixed, ...Array.from(held.own, ([chain]) => chain)] : fixed;
}

function isHeld(held: Ruleset, { from, rule }: Jump): boolean {
  const content = held.fixed.get(from);
  return content !== undefined && content !== 'any' && content.some((held) => isSameRule(held, rule));
}

function isKept(layout: Layout, id: ChainId): boolean {
  return layout.keptChains?.has(id) ?? false;
}
