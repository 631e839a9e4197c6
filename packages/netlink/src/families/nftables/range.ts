/**
 * Ranges of one field in text and bytes: a single value, a prefix (`10.96.0.0/12`) or both ends (`80-90`). In bytes, as the
 * kernel compares them, they are their first and their last value, most significant byte first.
 */

import { parseDecimal } from '../../address-bytes.ts';
import type { AsciiWriter } from '../../ascii-writer.ts';
import { decodeField, encodeField, fieldSize } from './datatype.ts';
import type { Datatype } from './model.ts';

const SLASH = 0x2f;
const DASH = 0x2d;

/**
 * Writes the first value at `first` and the last at `last`. False if the text from `from` to its end is no range of this
 * type; a prefix must have no bit set after its length. `slot` and `classid` have no ranges: their bytes
 * are in the machine's order.
 */
export function encodeRange(
  type: Datatype,
  text: string,
  from: number,
  bytes: Uint8Array,
  first: number,
  last: number,
): boolean {
  if (type === 'slot' || type === 'classid') return false;
  const slash = text.indexOf('/', from);
  if (slash >= 0) {
    const length = parseDecimal(text, slash + 1, text.length, 8 * fieldSize(type));
    return (
      isAddress(type) &&
      length >= 0 &&
      encodeField(type, text, from, slash, bytes, first) &&
      fillHostBits(bytes, first, last, fieldSize(type), length)
    );
  }
  const dash = text.indexOf('-', from);
  return (
    encodeField(type, text, from, dash < 0 ? text.length : dash, bytes, first) &&
    encodeField(type, text, dash < 0 ? from : dash + 1, text.length, bytes, last) &&
    compareBytes(bytes, first, bytes, last, fieldSize(type)) <= 0
  );
}

function isAddress(type: Datatype): boolean {
  return type === 'ipv4_addr' || type === 'ipv6_addr';
}

function fillHostBits(bytes: Uint8Array, first: number, last: number, size: number, length: number): boolean {
  for (let index = 0; index < size; index++) {
    const hostBits = 0xff >> Math.min(8, Math.max(0, length - 8 * index));
    const byte = bytes[first + index] ?? 0;
    if ((byte & hostBits) !== 0) return false;
    bytes[last + index] = byte | hostBits;
  }
  return true;
}

/** Writes the shortest text that means the range. */
export function decodeRange(
  type: Datatype,
  bytes: Uint8Array,
  first: number,
  last: number,
  text: AsciiWriter,
): void {
  const size = fieldSize(type);
  decodeField(type, bytes, first, text);
  if (compareBytes(bytes, first, bytes, last, size) === 0) return;
  const length = isAddress(type) ? prefixLength(bytes, first, last, size) : -1;
  if (length >= 0) {
    text.character(SLASH);
    text.decimal(length);
    return;
  }
  text.character(DASH);
  decodeField(type, bytes, last, text);
}

/** -1 if the range is no prefix. */
function prefixLength(bytes: Uint8Array, first: number, last: number, size: number): number {
  let length = 0;
  let isHost = false;
  for (let index = 0; index < size; index++) {
    const low = bytes[first + index] ?? 0;
    const hostBits = low ^ (bytes[last + index] ?? 0);
    // Ones at the lower end only, and only in the first byte that differs may there be less than eight of them.
    if ((hostBits & (hostBits + 1)) !== 0 || (low & hostBits) !== 0 || (isHost && hostBits !== 0xff))
      return -1;
    length += Math.clz32(hostBits) - 24;
    isHost ||= hostBits !== 0;
  }
  return length;
}

/** Like memcmp. */
export function compareBytes(a: Uint8Array, at: number, b: Uint8Array, bt: number, size: number): number {
  for (let index = 0; index < size; index++) {
    const difference = (a[at + index] ?? 0) - (b[bt + index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** To the next value. False, and all zeros, if there is none. */
export function increment(bytes: Uint8Array, at: number, size: number): boolean {
  for (let index = at + size - 1; index >= at; index--) {
    const byte = ((bytes[index] ?? 0) + 1) & 0xff;
    bytes[index] = byte;
    if (byte !== 0) return true;
  }
  return false;
}

/** To the value before. False, and all ones, if there is none. */
export function decrement(bytes: Uint8Array, at: number, size: number): boolean {
  for (let index = at + size - 1; index >= at; index--) {
    const byte = ((bytes[index] ?? 0) - 1) & 0xff;
    bytes[index] = byte;
    if (byte !== 0xff) return true;
  }
  return false;
}
