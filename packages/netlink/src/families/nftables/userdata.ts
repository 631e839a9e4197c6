/**
 * What nft keeps with tables, chains, rules, sets and elements for itself, and prints again: comments, and of sets what
 * their types don't tell (set-userdata.ts). The kernel hands it back unread. It is a row of type, length and value, a
 * byte each for type and length, numbers with 32 bits in the machine's byte order (the nftnl_udata_* of libnftnl).
 */
import { IS_LITTLE_ENDIAN } from '../../message.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { readText } from '../../text.ts';

export const USERDATA_HEADER_SIZE = 2;
/** Of tables, chains, rules and elements. */
const COMMENT = 0;
/** Of an element: the interval that begins here has no end, because there is no value after it. */
const ELEMENT_FLAGS = 1;
const INTERVAL_OPEN = 1;
const FLAGS_SIZE = USERDATA_HEADER_SIZE + 4;

/** In bytes; nft takes none that is longer. */
export const MAX_COMMENT_SIZE = 128;
const ENCODER = new TextEncoder();

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
  if (comment === '' && !isOpenInterval) return;
  const text = encodeText(comment);
  const at = writer.space(type, text.length + (isOpenInterval ? FLAGS_SIZE : 0));
  const bytes = writer.buffer;
  bytes.set(text, at);
  if (!isOpenInterval) return;
  const flags = at + text.length;
  bytes[flags] = ELEMENT_FLAGS;
  bytes[flags + 1] = 4;
  bytes[flags + USERDATA_HEADER_SIZE + (IS_LITTLE_ENDIAN ? 0 : 3)] = INTERVAL_OPEN;
}

/** What elements that come one after the other have in common, as those of one owner have. */
let last = { comment: '', bytes: new Uint8Array() };

function encodeText(comment: string): Uint8Array {
  if (comment !== last.comment) last = { comment, bytes: encodeCommentAs(COMMENT, comment) };
  return last.bytes;
}

/** With its header and a zero byte at its end; an empty one is nothing at all. */
export function encodeCommentAs(type: number, comment: string): Uint8Array<ArrayBuffer> {
  if (comment === '') return new Uint8Array();
  const size = Buffer.byteLength(comment);
  if (size > MAX_COMMENT_SIZE) throw new Error(`BUG: a comment of ${size} bytes`);
  const bytes = new Uint8Array(USERDATA_HEADER_SIZE + size + 1);
  bytes[0] = type;
  bytes[1] = size + 1;
  bytes.set(ENCODER.encode(comment), USERDATA_HEADER_SIZE);
  return bytes;
}

/** Of a table, chain, rule or element; empty if there is none. */
export function decodeComment(userdata: Uint8Array | undefined): string {
  return userdata === undefined ? '' : readComment(userdata, 0, userdata.length, readText);
}

/**
 * The text of the first value of this type between `from` and `to`, as `read` makes it; empty if there is none. What has
 * another form is no comment: whoever wrote it, it wasn't nft.
 */
export function readComment(
  bytes: Uint8Array,
  from: number,
  to: number,
  read: (bytes: Uint8Array, from: number, to: number) => string,
  type = COMMENT,
): string {
  for (let at = from; at + USERDATA_HEADER_SIZE <= to; ) {
    const start = at + USERDATA_HEADER_SIZE;
    const end = start + (bytes[at + 1] ?? 0);
    if (end > to) return '';
    if (bytes[at] === type) return read(bytes, start, end);
    at = end;
  }
  return '';
}
