/** The bytes of protobuf: tags, varints, and what they precede. Errors are in the words of Go's library. */

/** Bytes that are no message, or not one of this kind. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** One field as it stands there; of a number its bits. */
export type WireField =
  | { readonly number: number; readonly wire: 'varint' | 'fixed64' | 'fixed32'; readonly bits: bigint }
  | { readonly number: number; readonly wire: 'bytes'; readonly bytes: Uint8Array };

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const MOST_NUMBER = 2 ** 29 - 1;
/** Of one message, items of its lists included. */
const MOST_FIELDS = 100_000;

/** @throws WireError while they are read */
export function* readFields(bytes: Uint8Array): Generator<WireField> {
  const cursor = new Cursor(bytes);
  for (let count = 1; !cursor.isAtEnd; count++) {
    if (count > MOST_FIELDS) throw new WireError(`proto: more than ${MOST_FIELDS} fields in a message`);
    const tag = cursor.varint();
    const number = Number(tag >> 3n);
    const type = Number(tag & 7n);
    if (number < 1 || number > MOST_NUMBER) {
      throw new WireError(`proto: illegal tag ${number} (wire type ${type})`);
    }
    yield readField(cursor, number, type);
  }
}

/** Numbers one after the other, each as a field. @throws WireError while they are read */
export function* readVarints(bytes: Uint8Array): Generator<WireField> {
  const cursor = new Cursor(bytes);
  while (!cursor.isAtEnd) yield { number: 1, wire: 'varint', bits: cursor.varint() };
}

function readField(cursor: Cursor, number: number, type: number): WireField {
  switch (type) {
    case VARINT:
      return { number, wire: 'varint', bits: cursor.varint() };
    case FIXED64:
      return { number, wire: 'fixed64', bits: cursor.fixed(8) };
    case FIXED32:
      return { number, wire: 'fixed32', bits: cursor.fixed(4) };
    case BYTES:
      return { number, wire: 'bytes', bytes: cursor.take(Number(cursor.varint())) };
    default:
      throw new WireError(`proto: illegal wireType ${type}`);
  }
}

class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.#at) throw new WireError('unexpected EOF');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** Of 64 bits, as if unsigned. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new WireError('unexpected EOF');
      this.#at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new WireError('proto: integer overflow');
  }

  /** The least byte first. */
  fixed(count: 4 | 8): bigint {
    return this.take(count).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }
}
