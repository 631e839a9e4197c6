/** Taking everything of ours out of the kernel again (spec § 4.14). */
import { JUMPS } from './base.ts';
import { CANARY, FILTER_FIREWALL, splitChainId, type Table } from './names.ts';
import type { RestoreScript } from './restore-script.ts';
import { isOurChain, type Ruleset } from './ruleset.ts';

/**
 * The script that removes our jumps and chains. KUBE-FIREWALL and its jumps stay: the kubelet uses them too.
 */
export function cleanupScript(held: Ruleset): RestoreScript {
  const tables: Table[] = ['filter', 'nat', 'mangle'];
  return tables.flatMap((table) => {
    const chains = [...held.keys()]
      .filter((id) => splitChainId(id).table === table && id !== FILTER_FIREWALL)
      .filter((id) => isOurChain(id) || splitChainId(id).chain === CANARY)
      .map((id) => splitChainId(id).chain);
    const jumps = JUMPS.filter(
      ({ from, rule }) => splitChainId(from).table === table && !rule.endsWith('KUBE-FIREWALL'),
    ).filter(({ from, rule }) => {
      const content = held.get(from);
      return content !== undefined && content !== 'any' && content.includes(rule);
    });
    const commands = [
      ...jumps.map(({ from, rule }) => `-D ${splitChainId(from).chain} ${rule}`),
      ...chains.map((chain) => `-X ${chain}`),
    ];
    return commands.length === 0 ? [] : [{ table, chains, commands }];
  });
}
