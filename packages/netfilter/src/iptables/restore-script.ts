/** Input for iptables-restore as data: the Changes of this backend. */
import { type ChainId, chainId, type Table } from './chain-id.ts';

/** What happens to one table, in this order. Each table is all or nothing. */
export interface TableScript {
  readonly table: Table;
  /** Chains that are created, or emptied if they exist. */
  readonly chains: readonly string[];
  /** `-D` commands. */
  readonly deletions: readonly string[];
  /** `-A` lines of whole chains, each with its newline. */
  readonly refills: readonly string[];
  /** `-I` commands. */
  readonly insertions: readonly string[];
  /** Chains that are deleted; they are among `chains` too, since only an empty chain can go. */
  readonly removedChains: readonly string[];
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
    const edited = [...deletions, ...insertions].map((command) => command.split(' ', 2)[1] ?? '');
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
    for (const command of deletions) yield `${command}\n`;
    yield* refills;
    for (const command of insertions) yield `${command}\n`;
    for (const chain of removedChains) yield `-X ${chain}\n`;
    yield 'COMMIT\n';
  }
}
