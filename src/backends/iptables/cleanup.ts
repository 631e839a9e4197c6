/** Taking everything of ours out of the kernel again (spec § 4.14). */
import { CANARY, splitChainId, TABLES, type Table } from '../xtables/chain-id.ts';
import type { RestoreScript } from '../xtables/restore-script.ts';
import type { Ruleset } from '../xtables/ruleset.ts';
import { LAYOUT } from './base.ts';
import { FILTER_FIREWALL } from './names.ts';

/** The script that removes our jumps and chains. KUBE-FIREWALL and its jumps stay: the kubelet uses them too. */
export function cleanupScript(held: Ruleset): RestoreScript {
  return TABLES.flatMap((table) => {
    const chains = chainsOf(held, table);
    const deletions = LAYOUT.jumps
      .filter(({ from, rule }) => {
        const content = held.fixed.get(from);
        const present = content !== undefined && content !== 'any' && content.includes(rule);
        return present && splitChainId(from).table === table && !rule.endsWith('KUBE-FIREWALL');
      })
      .map(({ from, rule }) => `-D ${splitChainId(from).chain} ${rule}`);
    if (chains.length === 0 && deletions.length === 0) return [];
    return [{ table, chains, deletions, refills: [], insertions: [], removedChains: chains }];
  });
}

function chainsOf(held: Ruleset, table: Table): readonly string[] {
  const fixed = [...held.fixed.keys()]
    .filter(
      (id) => id !== FILTER_FIREWALL && (LAYOUT.fixedChains.has(id) || splitChainId(id).chain === CANARY),
    )
    .map(splitChainId)
    .filter((id) => id.table === table)
    .map((id) => id.chain);
  return table === 'nat' ? [...fixed, ...Array.from(held.own, ([chain]) => chain)] : fixed;
}
