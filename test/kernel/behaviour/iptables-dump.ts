/** Reading what iptables-save prints. */
import { parseSavedLine } from '@menwei/netfilter/iptables/save-format.ts';

/** Rules by `table CHAIN`, in their order; the chains of a family follow those of the one before. */
export type Chains = Readonly<Record<string, readonly string[]>>;

/** One or more dumps after another, such as those of two families. */
export function readChains(dump: string): Chains {
  const chains: Record<string, string[]> = {};
  let table = '';
  for (const line of dump.split('\n').map(parseSavedLine)) {
    if (line.is === 'table') table = nameOf(line.table, chains);
    else if (line.is === 'chain') chains[`${table} ${line.chain}`] = [];
    else if (line.is === 'rule') chains[`${table} ${line.chain}`]?.push(`${line.chain} ${line.rule}`);
  }
  return chains;
}

/** `nat`, and `nat'` when there was one already. */
function nameOf(table: string, chains: Chains): string {
  const isTaken = Object.keys(chains).some((chain) => chain.startsWith(`${table} `));
  return isTaken ? nameOf(`${table}'`, chains) : table;
}

/** The dump without what changes by itself: dates, and how much traffic passed the chains. */
export function withoutNoise(dump: string): string {
  return dump
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => (line.startsWith(':') ? line.replace(/ \[\d+:\d+\]$/, '') : line))
    .join('\n');
}

/** Whether the rule stands in a chain of all Services, which is written anew when one of them changes. */
export function isShared(line: string): boolean {
  return /-A KUBE-(SERVICES|NODEPORTS|EXTERNAL-SERVICES|PROXY-FIREWALL) /.test(line);
}
