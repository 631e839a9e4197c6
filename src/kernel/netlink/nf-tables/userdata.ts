/**
 * What nft keeps with tables, chains, rules, sets and elements for itself, and prints again: comments, and of sets what
 * their types don't tell (set-userdata.ts). The kernel hands it back unread. It is a row of type, length and value, a
 * byte each for type and length, numbers with 32 bits in the machine's byte order (the nftnl_udata_* of libnftnl).
 */
import { IS_LITTLE_ENDIAN } from '../message.ts';
import type { MessageWriter } from '../message-writer.ts';
import { readText, writeText } from './text.ts';

export const USERDATA_HEADER_SIZE = 2;
/** Of tables, chains, rules and elements. */
const COMMENT = 0;
/** Of an element: the interval that begins here has no end, because there is no value after it. */
const ELEMENT_FLAGS = 1;
const INTERVAL_OPEN = 1;
const FLAGS_SIZE = USERDATA_HEADER_SIZE + 4;

/** In bytes; nft takes none that is longer. */
export const MAX_COMMENT_SIZE = 128;

/**
 * Writes the userdata of a table, chain, rule or element in an attribute of type `type`, or nothing if there is nothing
 * to say. Throws an Error (a broken invariant) if the comment is longer than {@link MAX_COMMENT_SIZE}.
 */
export function encodeComment(
  writer: MessageWriter,
  type: number,
  comment: string,
  isOpenInterval = false,
): void {
  const size = commentSize(comment);
  if (size === 0 && !isOpenInterval) return;
  const at = writer.space(type, size + (isOpenInterval ? FLAGS_SIZE : 0));
  const bytes = writer.buffer;
  if (size > 0) writeComment(comment, COMMENT, bytes, at, size);
  if (!isOpenInterval) return;
  bytes[at + size] = ELEMENT_FLAGS;
  bytes[at + size + 1] = 4;
  bytes[at + size + USERDATA_HEADER_SIZE + (IS_LITTLE_ENDIAN ? 0 : 3)] = INTERVAL_OPEN;
}

/** With its header and the zero byte at its end; 0 for an empty one. */
export function commentSize(comment: string): number {
  if (comment === '') return 0;
  const size = Buffer.byteLength(comment);
  if (size > MAX_COMMENT_SIZE) throw new Error(`BUG: a comment of ${size} bytes`);
  return USERDATA_HEADER_SIZE + size + 1;
}

/** `size` as {@link commentSize} says, of bytes that are zero. */
export function writeComment(
  comment: string,
  type: number,
  bytes: Uint8Array,
  at: number,
  size: number,
): void {
  bytes[at] = type;
  bytes[at + 1] = size - USERDATA_HEADER_SIZE;
  const start = at + USERDATA_HEADER_SIZE;
  writeText(comment, size - USERDATA_HEADER_SIZE - 1, bytes, start);
}

/** Of a table, chain, rule or element; empty if there is none. */
export function decodeComment(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : readComment(bytes, 0, bytes.length, COMMENT);
}

/** The first text of this type between `from` and `to`. What can't be read is no comment: whoever wrote it, it isn't nft's. */
export function readComment(bytes: Uint8Array, from: number, to: number, type = COMMENT): string {
  for (let at = from; at + USERDATA_HEADER_SIZE <= to; ) {
    const start = at + USERDATA_HEADER_SIZE;
    const end = start + (bytes[at + 1] ?? 0);
    if (end > to) return '';
    if (bytes[at] === type) return readText(bytes, start, end);
    at = end;
  }
  return '';
}
