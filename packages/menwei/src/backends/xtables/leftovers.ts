/** Finds the iptables rules that other modes and proxies have left. */
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import type { Table } from '@menwei/netfilter/iptables/chain-id.ts';
import { formatPieces, formatScript, type RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { Leftovers } from '../leftovers.ts';
import type { Layout } from './layout.ts';
import { LeftoverRules } from './leftover-rules.ts';

/** `layout`: of what is nobody's any more. Throws KernelError. */
export async function findLeftoverRules(
  tools: IptablesTools,
  tables: readonly Table[],
  layout: Layout,
  signal: AbortSignal,
): Promise<Leftovers | undefined> {
  const found = await Promise.all(
    tables.map(async (table) => {
      const rules = new LeftoverRules(layout, table);
      await tools.save(table, (line) => rules.line(line), signal);
      return {
        script: rules.script() ?? [],
        shared: rules.sharedChains().map((chain) => `${table} ${chain}`),
      };
    }),
  );
  const script: RestoreScript = found.flatMap(({ script }) => script);
  const shared = found.flatMap(({ shared }) => shared);
  if (script.length === 0) return undefined;
  const chains = script.reduce((sum, { removedChains }) => sum + removedChains.length, 0);
  const rules = script.reduce((sum, { deletions }) => sum + deletions.length, 0);
  const what = `${chains} chains of iptables (${tools.variant}) and ${rules} rules that lead to them`;
  return {
    what,
    kept:
      shared.length === 0
        ? undefined
        : `${shared.join(', ')} of iptables (${tools.variant}) and what leads there, in use by kubelet or other programs`,
    commands: `# iptables (${tools.variant})\n${formatScript(script)}`,
    remove: async (signal) => {
      await tools.restore({ [Symbol.iterator]: () => formatPieces(script) }, signal);
      return { removed: what, draining: undefined };
    },
  };
}
