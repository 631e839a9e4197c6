/** NLM_F_* by name. What some bits mean depends on what the message is for. */
import {
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_APPEND,
  NLM_F_CAPPED,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_EXCL,
  NLM_F_MULTI,
  NLM_F_REQUEST,
} from '../message.ts';

const OF_ALL: readonly Flag[] = [
  [NLM_F_REQUEST, 'REQUEST'],
  [NLM_F_MULTI, 'MULTI'],
  [NLM_F_ACK, 'ACK'],
  [0x08, 'ECHO'],
  [NLM_F_DUMP_INTR, 'DUMP_INTR'],
  [0x20, 'DUMP_FILTERED'],
];
const OF_QUESTIONS: readonly Flag[] = [
  [NLM_F_DUMP, 'DUMP'],
  [0x100, 'ROOT'],
  [0x200, 'MATCH'],
  [0x400, 'ATOMIC'],
];
const OF_CHANGES: readonly Flag[] = [
  [0x100, 'REPLACE'],
  [NLM_F_EXCL, 'EXCL'],
  [NLM_F_CREATE, 'CREATE'],
  [NLM_F_APPEND, 'APPEND'],
];
const OF_ENDS: readonly Flag[] = [
  [NLM_F_CAPPED, 'CAPPED'],
  [NLM_F_ACK_TLVS, 'ACK_TLVS'],
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
