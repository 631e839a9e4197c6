/**
 * Writes netlink messages one after the other into one growing buffer (linux/netlink.h): a header of 16 bytes, then
 * attributes, each with its length, its type and padding to four bytes. Netfilter's own numbers are in network byte
 * order, so every method says which one it writes.
 */
import { ATTRIBUTE_HEADER_SIZE, NLA_F_NESTED } from './attribute.ts';
import { HEADER_SIZE, IS_LITTLE_ENDIAN } from './message.ts';

const INITIAL_SIZE = 4 * 1024;
const TEXT = new TextEncoder();
const LAST_ASCII = 0x7f;
/** The length of an attribute is a number of 16 bits. */
export const MAX_ATTRIBUTE_SIZE = 0xffff;

/** Where something began that still has to be told its length. */
export type Mark = number;

/** Messages in a row. Of a number that is too large for its attribute the lower bits are written. */
export class MessageWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #end = 0;

  constructor(initialSize = INITIAL_SIZE) {
    this.#bytes = new Uint8Array(initialSize);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#end;
  }

  /** All messages so far; a view, valid until the next write. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  /** Starts a message; {@link endMessage} gives it its length. */
  beginMessage(type: number, flags: number, sequence: number): Mark {
    const start = this.#reserve(HEADER_SIZE);
    this.#view.setUint16(start + 4, type, IS_LITTLE_ENDIAN);
    this.#view.setUint16(start + 6, flags, IS_LITTLE_ENDIAN);
    this.#view.setUint32(start + 8, sequence, IS_LITTLE_ENDIAN);
    // The sender's port is the kernel's to know.
    this.#view.setUint32(start + 12, 0, IS_LITTLE_ENDIAN);
    return start;
  }

  /** @param start what {@link beginMessage} returned */
  endMessage(start: Mark): void {
    this.#view.setUint32(start, this.#end - start, IS_LITTLE_ENDIAN);
    this.#pad();
  }

  /** Bytes that are no attribute: the family's own header. */
  raw(value: Uint8Array): void {
    const start = this.#reserve(value.length);
    this.#bytes.set(value, start);
    this.#pad();
  }

  /** Attributes within an attribute; {@link endNested} gives it its length. */
  beginNested(type: number): Mark {
    return this.#attribute(type | NLA_F_NESTED, 0);
  }

  /** Throws an Error (a broken invariant) if the nested attributes are longer than an attribute can be. */
  endNested(start: Mark): void {
    this.#view.setUint16(start, attributeSize(this.#end - start), IS_LITTLE_ENDIAN);
  }

  /** An attribute of `length` zero bytes whose value the caller fills in: returns where the value begins. */
  space(type: number, length: number): number {
    const start = this.#attribute(type, length);
    this.#pad();
    return start + ATTRIBUTE_HEADER_SIZE;
  }

  /** The buffer that {@link space} gave a place in; replaced by the next write. */
  get buffer(): Uint8Array {
    return this.#bytes;
  }

  /** Bytes as they are. */
  value(type: number, value: Uint8Array): void {
    const at = this.space(type, value.length);
    this.#bytes.set(value, at);
  }

  /** With a zero byte at its end. */
  text(type: number, text: string): void {
    if (!isAscii(text)) {
      this.value(type, TEXT.encode(`${text}\0`));
      return;
    }
    // For short texts several times as fast as an encoder.
    const at = this.space(type, text.length + 1);
    for (let index = 0; index < text.length; index++) this.#bytes[at + index] = text.charCodeAt(index);
  }

  u8(type: number, value: number): void {
    const at = this.space(type, 1);
    this.#bytes[at] = value;
  }

  /** In the byte order of the machine. */
  u16(type: number, value: number): void {
    const at = this.space(type, 2);
    this.#view.setUint16(at, value, IS_LITTLE_ENDIAN);
  }

  u32(type: number, value: number): void {
    const at = this.space(type, 4);
    this.#view.setUint32(at, value, IS_LITTLE_ENDIAN);
  }

  /** In the byte order of the network. */
  u16be(type: number, value: number): void {
    const at = this.space(type, 2);
    this.#view.setUint16(at, value, false);
  }

  u32be(type: number, value: number): void {
    const at = this.space(type, 4);
    this.#view.setUint32(at, value, false);
  }

  u64be(type: number, value: bigint): void {
    const at = this.space(type, 8);
    this.#view.setBigUint64(at, value, false);
  }

  #attribute(type: number, length: number): number {
    const start = this.#reserve(ATTRIBUTE_HEADER_SIZE + length);
    this.#view.setUint16(start, attributeSize(ATTRIBUTE_HEADER_SIZE + length), IS_LITTLE_ENDIAN);
    this.#view.setUint16(start + 2, type, IS_LITTLE_ENDIAN);
    return start;
  }

  #reserve(length: number): number {
    const start = this.#end;
    this.#end += length;
    // Three bytes more, so that padding needs no check.
    if (this.#end + 3 > this.#bytes.length) this.#grow();
    return start;
  }

  #pad(): void {
    this.#end = (this.#end + 3) & ~3;
  }

  #grow(): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#end + INITIAL_SIZE));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function attributeSize(size: number): number {
  if (size > MAX_ATTRIBUTE_SIZE) throw new Error(`BUG: a netlink attribute of ${size} bytes`);
  return size;
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > LAST_ASCII) return false;
  return true;
}
