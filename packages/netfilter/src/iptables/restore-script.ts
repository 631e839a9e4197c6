/** Input for iptables-restore as data. */
import { type ChainId, chainId, type Table } from './chain-id.ts';
import { appendHeldRule, formatHeldRule, type HeldRule } from './rule.ts';

/** What happens to one table, in this order. Each table is all or nothing. */
export interface TableScript {
  readonly table: Table;
  /** Chains that are created, or emptied if they exist. */
  readonly chains: readonly string[];
  readonly deletions: readonly RuleInChain[];
  /** The rules of whole chains. */
  readonly refills: readonly Refill[];
  readonly insertions: readonly Insertion[];
  /** Chains that are deleted; they are among `chains` too, since only an empty chain can go. */
  readonly removedChains: readonly string[];
}

export interface RuleInChain {
  readonly chain: string;
  readonly rule: HeldRule;
}

export interface Refill {
  readonly chain: string;
  readonly rules: readonly HeldRule[];
}

export interface Insertion extends RuleInChain {
  /** From 1; without it the rule is put in front. */
  readonly position?: number;
}

/** Tables in which nothing happens are left out. */
export type RestoreScript = readonly TableScript[];

/** The script in pieces of roughly `pieceLength` characters, so that a huge one never is one string. */
export function* formatPieces(script: RestoreScript, pieceLength = 1 << 18): Generator<string> {
  let piece = '';
  for (const text of formatTexts(script)) {
    piece += text;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

/** The chains in which anything happens: `nat KUBE-SERVICES`. */
export function touchedChains(script: RestoreScript): readonly ChainId[] {
  return script.flatMap(({ table, chains, deletions, insertions }) => {
    const edited = [...deletions, ...insertions].map(({ chain }) => chain);
    return [...new Set([...chains, ...edited])].map((chain) => chainId(table, chain));
  });
}

export function formatScript(script: RestoreScript): string {
  return [...formatPieces(script)].join('');
}

function* formatTexts(script: RestoreScript): Generator<string> {
  for (const { table, chains, deletions, refills, insertions, removedChains } of script) {
    yield `*${table}\n`;
    for (const chain of chains) yield `:${chain} - [0:0]\n`;
    for (const { chain, rule } of deletions) yield `-D ${chain} ${formatHeldRule(rule)}\n`;
    for (const { chain, rules } of refills) yield formatRefill(chain, rules);
    for (const { chain, position, rule } of insertions) {
      yield `-I ${chain} ${position === undefined ? '' : `${position} `}${formatHeldRule(rule)}\n`;
    }
    for (const chain of removedChains) yield `-X ${chain}\n`;
    yield 'COMMIT\n';
  }
}

/** `-A` lines of a chain, each with its newline. Joining a chain at a time is twice as fast as all of them at once. */
function formatRefill(chain: string, rules: readonly HeldRule[]): string {
  const parts: string[] = [];
  for (const rule of rules) {
    parts.push('-A ', chain);
    appendHeldRule(parts, rule);
    parts.push('\n');
  }
  return parts.join('');
}
