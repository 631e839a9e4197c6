/** Input for iptables-restore as data: the Changes of this backend. */
import type { Table } from './names.ts';

/** What happens to one table, in this order. Each table is all or nothing. */
export interface TableScript {
  readonly table: Table;
  /** Chains that are created, or emptied if they exist. */
  readonly chains: readonly string[];
  /** `-A`, `-I`, `-D` and `-X` commands. */
  readonly commands: readonly string[];
}

/** Tables without commands and chains are left out. */
export type RestoreScript = readonly TableScript[];

/** The script in pieces of roughly `pieceLength` characters, so that a huge one never is one string. */
export function* formatPieces(script: RestoreScript, pieceLength = 1 << 18): Generator<string> {
  let lines: string[] = [];
  let length = 0;
  for (const line of formatLines(script)) {
    lines.push(line);
    length += line.length + 1;
    if (length >= pieceLength) {
      yield `${lines.join('\n')}\n`;
      lines = [];
      length = 0;
    }
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

export function formatScript(script: RestoreScript): string {
  return [...formatPieces(script)].join('');
}

function* formatLines(script: RestoreScript): Generator<string> {
  for (const { table, chains, commands } of script) {
    yield `*${table}`;
    for (const chain of chains) yield `:${chain} - [0:0]`;
    yield* commands;
    yield 'COMMIT';
  }
}
