/**
 * Values of keys and data between text and bytes: `10.96.0.1 . tcp . 80`. Alone, a value has its own size; in a
 * concatenation every field is padded to registers of four bytes.
 */

import { decodeIpv4, decodeIpv6, encodeIpv4, encodeIpv6, parseDecimal } from '../../address-bytes.ts';
import type { AsciiWriter } from '../../ascii-writer.ts';
import { IS_LITTLE_ENDIAN } from '../../message.ts';
import type { Datatype } from './model.ts';

interface DatatypeFacts {
  /** A number is in the order of the network, or in that of this machine. */
  readonly kind: 'address' | 'number' | 'host number';
  readonly size: number;
  /** nft's number for it (enum datatypes in its source), which the kernel keeps and hands back. */
  readonly number: number;
}

export const DATATYPES: Readonly<Record<Datatype, DatatypeFacts>> = {
  ipv4_addr: { kind: 'address', size: 4, number: 7 },
  ipv6_addr: { kind: 'address', size: 16, number: 8 },
  inet_proto: { kind: 'number', size: 1, number: 12 },
  inet_service: { kind: 'number', size: 2, number: 13 },
  // A plain integer.
  slot: { kind: 'host number', size: 4, number: 4 },
  // Of traffic control: how nft writes priorities of packets.
  classid: { kind: 'host number', size: 4, number: 23 },
};
const TYPE_BITS = 6;
/** As many as the 32 bits of NFTA_SET_KEY_TYPE hold. */
const MAX_FIELDS = 5;
/** Between the fields of a value in text. */
export const SEPARATOR = ' . ';
const MAX_SLOT = 0xffffffff;

export function fieldSize(type: Datatype): number {
  return DATATYPES[type].size;
}

/** Of a whole value, in bytes. */
export function valueSize(types: readonly Datatype[]): number {
  const [only] = types;
  if (only !== undefined && types.length === 1) return fieldSize(only);
  return types.reduce((sum, type) => sum + paddedSize(type), 0);
}

/** In a concatenation. */
export function paddedSize(type: Datatype): number {
  return (fieldSize(type) + 3) & ~3;
}

/** nft's number for the type of a value: six bits a field, the first field in the highest ones. */
export function encodeDatatypes(types: readonly Datatype[]): number {
  if (types.length > MAX_FIELDS) throw new Error(`BUG: ${types.length} fields in one value`);
  return types.reduce((number, type) => (number << TYPE_BITS) | DATATYPES[type].number, 0);
}

/** Undefined if there is a type among them that this library has no word for. */
export function decodeDatatypes(number: number): readonly Datatype[] | undefined {
  const types: Datatype[] = [];
  for (let rest = number; rest !== 0; rest >>>= TYPE_BITS) {
    const type = datatypeOf(rest & ((1 << TYPE_BITS) - 1));
    if (type === undefined) return undefined;
    types.unshift(type);
  }
  return types.length === 0 ? undefined : types;
}

function datatypeOf(number: number): Datatype | undefined {
  for (const type of Object.keys(DATATYPES) as readonly Datatype[]) {
    if (DATATYPES[type].number === number) return type;
  }
  return undefined;
}

/**
 * Writes a value of {@link valueSize} bytes at `at`; padding is left as it is. Throws an Error (a broken invariant) if the
 * text is no such value.
 */
export function encodeValue(types: readonly Datatype[], text: string, bytes: Uint8Array, at: number): void {
  const end = encodeFieldTexts(types, text, 0, bytes, at);
  if (end !== text.length) throw noSuchValue(types, text);
}

/** Writes some fields from the text at `from` on, and returns where the last of them ends in the text. */
export function encodeFieldTexts(
  types: readonly Datatype[],
  text: string,
  from: number,
  bytes: Uint8Array,
  at: number,
): number {
  let start = from - SEPARATOR.length;
  let place = at;
  for (const type of types) {
    if (start >= from && !text.startsWith(SEPARATOR, start)) throw noSuchValue(types, text);
    start += SEPARATOR.length;
    const end = fieldEnd(text, start);
    if (!encodeField(type, text, start, end, bytes, place)) throw noSuchValue(types, text);
    place += paddedSize(type);
    start = end;
  }
  return start;
}

function fieldEnd(text: string, start: number): number {
  // No field has a space in it. To look for one character is much faster.
  const end = text.indexOf(' ', start);
  return end < 0 ? text.length : end;
}

/** For whoever is given a text that is none of its values. */
export function noSuchValue(types: readonly Datatype[], text: string): Error {
  return new Error(`BUG: '${text}' is no ${types.join(SEPARATOR)}`);
}

/** Writes one field, without padding. False if the text from `from` to `to` is no such value. */
export function encodeField(
  type: Datatype,
  text: string,
  from: number,
  to: number,
  bytes: Uint8Array,
  at: number,
): boolean {
  switch (type) {
    case 'ipv4_addr':
      return encodeIpv4(text, from, to, bytes, at);
    case 'ipv6_addr':
      return encodeIpv6(text, from, to, bytes, at);
    case 'inet_proto':
      return encodeNumber(parseProtocol(text, from, to), 1, false, bytes, at);
    case 'inet_service':
      return encodeNumber(parseDecimal(text, from, to, 0xffff), 2, false, bytes, at);
    case 'slot':
      return encodeNumber(parseDecimal(text, from, to, MAX_SLOT), 4, IS_LITTLE_ENDIAN, bytes, at);
    case 'classid':
      return encodeNumber(parseClassid(text, from, to), 4, IS_LITTLE_ENDIAN, bytes, at);
  }
}

function parseProtocol(text: string, from: number, to: number): number {
  if (to - from === 3 && text.startsWith('tcp', from)) return 6;
  if (to - from === 3 && text.startsWith('udp', from)) return 17;
  if (to - from === 4 && text.startsWith('sctp', from)) return 132;
  return parseDecimal(text, from, to, 255);
}

/** -1 if it is none. */
function parseClassid(text: string, from: number, to: number): number {
  const colon = text.indexOf(':', from);
  if (colon < 0) return -1;
  const high = parseHexadecimal(text, from, colon);
  const low = parseHexadecimal(text, colon + 1, to);
  return high < 0 || low < 0 ? -1 : high * 0x10000 + low;
}

/** Of 16 bits at most; -1 if it is none. */
function parseHexadecimal(text: string, from: number, to: number): number {
  if (from >= to || to - from > 4) return -1;
  let value = 0;
  for (let index = from; index < to; index++) {
    const digit = '0123456789abcdef'.indexOf(text.charAt(index));
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function encodeNumber(
  value: number,
  size: number,
  isLittleEndian: boolean,
  bytes: Uint8Array,
  at: number,
): boolean {
  if (value < 0) return false;
  for (let index = 0; index < size; index++) {
    const shift = 8 * (isLittleEndian ? index : size - 1 - index);
    bytes[at + index] = value >>> shift;
  }
  return true;
}

/** Writes the text of a value that begins at `at`. */
export function decodeValue(
  types: readonly Datatype[],
  bytes: Uint8Array,
  at: number,
  text: AsciiWriter,
): void {
  let place = at;
  for (const type of types) {
    if (place !== at) text.text(SEPARATOR);
    decodeField(type, bytes, place, text);
    place += paddedSize(type);
  }
}

export function decodeField(type: Datatype, bytes: Uint8Array, at: number, text: AsciiWriter): void {
  switch (type) {
    case 'ipv4_addr':
      decodeIpv4(bytes, at, text);
      break;
    case 'ipv6_addr':
      decodeIpv6(bytes, at, text);
      break;
    case 'inet_proto':
      formatProtocol(decodeNumber(bytes, at, 1, false), text);
      break;
    case 'inet_service':
      text.decimal(decodeNumber(bytes, at, 2, false));
      break;
    case 'slot':
      text.decimal(decodeNumber(bytes, at, 4, IS_LITTLE_ENDIAN));
      break;
    case 'classid':
      text.text(formatClassid(decodeNumber(bytes, at, 4, IS_LITTLE_ENDIAN)));
      break;
  }
}

function formatClassid(number: number): string {
  return `${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`;
}

function formatProtocol(number: number, text: AsciiWriter): void {
  if (number === 6) text.text('tcp');
  else if (number === 17) text.text('udp');
  else if (number === 132) text.text('sctp');
  else text.decimal(number);
}

function decodeNumber(bytes: Uint8Array, at: number, size: number, isLittleEndian: boolean): number {
  let value = 0;
  for (let index = 0; index < size; index++) {
    const byte = bytes[at + (isLittleEndian ? size - 1 - index : index)] ?? 0;
    value = value * 256 + byte;
  }
  return value;
}
