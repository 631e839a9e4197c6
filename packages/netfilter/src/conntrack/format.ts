/** An entry as `conntrack -L` prints it. */
import { PROTOCOL_NUMBERS } from '../protocols.ts';
import type { ListedEntry, Tuple } from './entry.ts';

/** Without the newline. */
export function formatEntry(entry: ListedEntry): string {
  return [
    `${entry.protocol.padEnd(8)} ${PROTOCOL_NUMBERS[entry.protocol]} ${entry.timeoutSeconds}`,
    ...(entry.state === undefined ? [] : [entry.state]),
    formatTuple(entry.original),
    ...(entry.isUnreplied ? ['[UNREPLIED]'] : []),
    formatTuple(entry.reply),
    ...(entry.isAssured ? ['[ASSURED]'] : []),
    `mark=${entry.mark}`,
    `use=${entry.use}`,
  ].join(' ');
}

function formatTuple({ source, destination }: Tuple): string {
  return `src=${source.ip} dst=${destination.ip} sport=${source.port} dport=${destination.port}`;
}
