/**
 * Values of keys and data between typed fields and bytes: an address as text, anything else as a number. What has the bytes
 * of an address needs no text: they stand in {@link Bytes} as they are.
 */

import { decodeIpv4, decodeIpv6, encodeIpv4, encodeIpv6 } from '../../address-bytes.ts';
import { AsciiWriter } from '../../ascii-writer.ts';
import { IS_LITTLE_ENDIAN } from '../../message.ts';
import { DATATYPES, paddedSize, valueSize } from './datatype.ts';
import type { Bytes, Datatype, SetDeclaration } from './model.ts';

/** An IP address in text; a protocol, a port or a slot as a number. */
export type Field = string | number;

/** More than the largest key: five addresses, and the end of a range. */
let scratch = Buffer.alloc(128);
const WORD = 4;
const TEXT = new AsciiWriter();

/** Of all keys of a set, in bytes. */
export function keySize({ key, interval }: SetDeclaration): number {
  const size = valueSize(key);
  const [last] = key.slice(-1);
  if (!interval || last === undefined) return size;
  return size + (key.length === 1 ? size : paddedSize(last));
}

/** Of the values of a map, in bytes; 0 where there are none, and of verdicts. */
export function dataSize({ data }: SetDeclaration): number {
  return data === undefined || data === 'verdict' ? 0 : valueSize(data);
}

/** `encodeFields(['ipv4_addr', 'inet_service'], ['10.0.0.1', 80])`. Throws an Error (a broken invariant) for what fits no type. */
export function encodeFields(types: readonly Datatype[], fields: readonly Field[]): Bytes {
  writeFields(types, fields, 0);
  return readBytes(scratch, 0, valueSize(types));
}

/** Values of the same types, one after the other. Throws an Error (a broken invariant) for what fits no type. */
export function encodeList(types: readonly Datatype[], values: readonly (readonly Field[])[]): Bytes {
  const size = valueSize(types);
  // What is written last may be padded.
  if (values.length * size + WORD > scratch.length) scratch = Buffer.alloc(2 * (values.length * size + WORD));
  let at = 0;
  for (const fields of values) {
    writeFields(types, fields, at);
    at += size;
  }
  return scratch.toString('latin1', 0, at);
}

function writeFields(types: readonly Datatype[], fields: readonly Field[], start: number): void {
  if (types.length !== fields.length) throw noSuchFields(types, fields);
  let at = start;
  for (let index = 0; index < types.length; index++) {
    const type = types[index];
    const field = fields[index];
    if (type === undefined || field === undefined) throw noSuchFields(types, fields);
    const end = at + paddedSize(type);
    for (let place = at; place < end; place++) scratch[place] = 0;
    if (!writeField(type, field, scratch, at)) throw noSuchFields(types, fields);
    at = end;
  }
}

/** A key whose last field is a range; both ends as in {@link encodeFields}. */
export function encodeRangeKey(types: readonly Datatype[], first: readonly Field[], last: Field): Bytes {
  const value = encodeFields(types, first);
  const type = types.at(-1);
  if (type === undefined) throw noSuchFields(types, first);
  const end = encodeFields([type], [last]);
  return value + (types.length === 1 ? end : end.padEnd(paddedSize(type), '\0'));
}

function writeField(type: Datatype, field: Field, bytes: Uint8Array, at: number): boolean {
  const { kind, size } = DATATYPES[type];
  if (typeof field === 'string') {
    if (kind !== 'address') return false;
    return size === 4
      ? encodeIpv4(field, 0, field.length, bytes, at)
      : encodeIpv6(field, 0, field.length, bytes, at);
  }
  if (kind === 'address' || !Number.isInteger(field) || field < 0 || field >= 256 ** size) return false;
  const isLittleEndian = kind === 'host number' && IS_LITTLE_ENDIAN;
  for (let index = 0; index < size; index++) {
    bytes[at + index] = field >>> (8 * (isLittleEndian ? index : size - 1 - index));
  }
  return true;
}

/** The other way round; of a range both ends of the last field. Throws an Error (a broken invariant) for too few bytes. */
export function decodeFields(types: readonly Datatype[], value: Bytes): readonly Field[] {
  let at = 0;
  return types.map((type) => {
    const field = readField(type, value, at);
    at += paddedSize(type);
    return field;
  });
}

function readField(type: Datatype, value: Bytes, at: number): Field {
  const { kind, size } = DATATYPES[type];
  if (at + size > value.length) throw new Error(`BUG: ${value.length} bytes are no ${type} at ${at}`);
  if (kind === 'address') {
    writeBytes(value, scratch, 0, at, at + size);
    if (size === 4) decodeIpv4(scratch, 0, TEXT);
    else decodeIpv6(scratch, 0, TEXT);
    return TEXT.take();
  }
  const isLittleEndian = kind === 'host number' && IS_LITTLE_ENDIAN;
  let number = 0;
  for (let index = 0; index < size; index++) {
    number = number * 256 + value.charCodeAt(at + (isLittleEndian ? size - 1 - index : index));
  }
  return number;
}

function noSuchFields(types: readonly Datatype[], fields: readonly Field[]): Error {
  return new Error(`BUG: '${fields.join(' . ')}' is no ${types.join(' . ')}`);
}

/** Writes a value, or its bytes from `from` to `to`, at `at`. */
export function writeBytes(value: Bytes, bytes: Uint8Array, at: number, from = 0, to = value.length): void {
  for (let index = from; index < to; index++) bytes[at + index - from] = value.charCodeAt(index);
}

/** The bytes from `from` to `to`. */
export function readBytes(bytes: Buffer, from: number, to: number): Bytes {
  // An address with a port: several times as fast as a decoder, and there may be hundreds of thousands.
  if (to - from === 8) {
    return word(bytes, from) + word(bytes, from + 4);
  }
  return bytes.toString('latin1', from, to);
}

function word(bytes: Buffer, at: number): Bytes {
  return String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0);
}
