/** NLM_F_* by name. What some bits mean depends on what the message is for. */

const OF_ALL: readonly Flag[] = [
  [0x01, 'REQUEST'],
  [0x02, 'MULTI'],
  [0x04, 'ACK'],
  [0x08, 'ECHO'],
  [0x10, 'DUMP_INTR'],
  [0x20, 'DUMP_FILTERED'],
];
const OF_QUESTIONS: readonly Flag[] = [
  [0x300, 'DUMP'],
  [0x100, 'ROOT'],
  [0x200, 'MATCH'],
  [0x400, 'ATOMIC'],
];
const OF_CHANGES: readonly Flag[] = [
  [0x100, 'REPLACE'],
  [0x200, 'EXCL'],
  [0x400, 'CREATE'],
  [0x800, 'APPEND'],
];
const OF_ENDS: readonly Flag[] = [
  [0x100, 'CAPPED'],
  [0x200, 'ACK_TLVS'],
];

type Flag = readonly [bits: number, name: string];

/**
 * `REQUEST|ACK|CREATE`; 0 for none.
 *
 * @param name of the message: `RTM_GETADDR` asks, `RTM_NEWADDR` changes, `type 26` is unknown
 */
export function formatFlags(flags: number, name: string): string {
  const names: string[] = [];
  let rest = flags;
  for (const [bits, flag] of [...OF_ALL, ...flagsOf(name)]) {
    if ((rest & bits) !== bits) continue;
    names.push(flag);
    rest &= ~bits;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.join('|') || '0';
}

function flagsOf(name: string): readonly Flag[] {
  if (name === 'NLMSG_ERROR' || name === 'NLMSG_DONE') return OF_ENDS;
  if (name.startsWith('type ')) return [];
  return /_(GET|LIST|HEADER|TYPE)/.test(name) ? OF_QUESTIONS : OF_CHANGES;
}
