/**
 * What nft keeps with a set: byte orders, comment, and of what key and data are made, so that it can list the set as it
 * was declared. A set with a field that has no type name (`slot`) is declared by expressions: `typeof ip daddr . …`.
 */

import { IS_LITTLE_ENDIAN } from '../../message.ts';
import { readText } from '../../text.ts';
import { NFT_USERDATA_MAXLEN } from './constants.ts';
import type { Datatype, SetDeclaration } from './model.ts';
import { encodeCommentAs, readComment, USERDATA_HEADER_SIZE } from './userdata.ts';

/** enum nftnl_udata_set_types */
const KEYBYTEORDER = 0;
const DATABYTEORDER = 1;
const KEY_TYPEOF = 3;
const DATA_TYPEOF = 4;
const DATA_INTERVAL = 6;
const COMMENT = 7;
/** enum byteorder of nft */
const NO_BYTEORDER = 0;
const HOST_ENDIAN = 1;
const BIG_ENDIAN = 2;

/** An expression as nft writes it down: its own number for the kind (enum expr_types), then what the kind needs. */
interface Typeof {
  readonly kind: number;
  readonly details: readonly number[];
}

const CONCATENATION = 13;
const VERDICT: Typeof = { kind: 1, details: [] };
/** Protocol header and field, as nft numbers them (enum proto_desc_id; the places in its tables of header fields). */
const PAYLOAD = 7;
const META = 9;
const NUMGEN = 23;

const FIELDS: Readonly<Record<Datatype, { readonly byteorder: number; readonly typeof: Typeof }>> = {
  // `ip daddr`
  ipv4_addr: { byteorder: BIG_ENDIAN, typeof: { kind: PAYLOAD, details: [12, 12] } },
  // `ip6 daddr`
  ipv6_addr: { byteorder: BIG_ENDIAN, typeof: { kind: PAYLOAD, details: [13, 9] } },
  // `meta l4proto`
  inet_proto: { byteorder: NO_BYTEORDER, typeof: { kind: META, details: [16] } },
  // `th dport`
  inet_service: { byteorder: BIG_ENDIAN, typeof: { kind: PAYLOAD, details: [11, 2] } },
  // `numgen random mod 2`; lookups may use any other modulus
  slot: { byteorder: HOST_ENDIAN, typeof: { kind: NUMGEN, details: [1, 2, 0] } },
  // `meta priority`
  classid: { byteorder: HOST_ENDIAN, typeof: { kind: META, details: [2] } },
};

/**
 * Byte for byte what nft 1.0.6 writes for the same declaration. Throws an Error (a broken invariant) if the fields and the
 * comment take more than the kernel keeps.
 */
export function encodeSetUserdata({ key, data, comment }: SetDeclaration): Uint8Array {
  const userdata = new UserdataWriter();
  const isTypeof = key.includes('slot') || data?.includes('slot') === true;
  userdata.u32(KEYBYTEORDER, byteorderOf(key));
  if (data !== undefined) userdata.u32(DATABYTEORDER, byteorderOf(data));
  writeTypeof(userdata, KEY_TYPEOF, key, isTypeof);
  if (data !== undefined) {
    writeTypeof(userdata, DATA_TYPEOF, data, isTypeof);
    userdata.u32(DATA_INTERVAL, 0);
  }
  userdata.raw(encodeCommentAs(COMMENT, comment));
  return userdata.bytes();
}

export function decodeSetComment(userdata: Uint8Array | undefined): string {
  return userdata === undefined ? '' : readComment(userdata, 0, userdata.length, readText, COMMENT);
}

function byteorderOf(value: readonly Datatype[] | 'verdict'): number {
  if (value === 'verdict') return NO_BYTEORDER;
  const [only] = value;
  return only !== undefined && value.length === 1 ? FIELDS[only].byteorder : NO_BYTEORDER;
}

/** Of a concatenation with type names nft says only that it is one, of a single type or verdict nothing. */
function writeTypeof(
  userdata: UserdataWriter,
  type: number,
  value: readonly Datatype[] | 'verdict',
  isTypeof: boolean,
): void {
  if (value === 'verdict') {
    if (isTypeof) userdata.nested(type, () => writeExpression(userdata, VERDICT));
    return;
  }
  const [only] = value;
  if (only !== undefined && value.length === 1) {
    if (isTypeof) userdata.nested(type, () => writeExpression(userdata, FIELDS[only].typeof));
    return;
  }
  userdata.nested(type, () => {
    userdata.u32(0, CONCATENATION);
    userdata.nested(1, () => {
      if (isTypeof) writeFields(userdata, value);
    });
  });
}

function writeFields(userdata: UserdataWriter, fields: readonly Datatype[]): void {
  for (const [index, field] of fields.entries()) {
    userdata.nested(index, () => writeExpression(userdata, FIELDS[field].typeof));
  }
}

function writeExpression(userdata: UserdataWriter, { kind, details }: Typeof): void {
  userdata.u32(0, kind);
  userdata.nested(1, () => {
    for (const [index, detail] of details.entries()) userdata.u32(index, detail);
  });
}

class UserdataWriter {
  readonly #bytes = Buffer.alloc(NFT_USERDATA_MAXLEN);
  #end = 0;

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end);
  }

  u32(type: number, value: number): void {
    const at = this.#begin(type, 4);
    if (IS_LITTLE_ENDIAN) this.#bytes.writeUInt32LE(value, at);
    else this.#bytes.writeUInt32BE(value, at);
  }

  raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#reserve(bytes.length));
  }

  /** Throws a RangeError if what is written is longer than a byte can tell. */
  nested(type: number, write: () => void): void {
    const start = this.#begin(type, 0);
    write();
    this.#bytes.writeUInt8(this.#end - start, start - 1);
  }

  #begin(type: number, size: number): number {
    const start = this.#reserve(USERDATA_HEADER_SIZE + size);
    this.#bytes[start] = type;
    this.#bytes[start + 1] = size;
    return start + USERDATA_HEADER_SIZE;
  }

  #reserve(size: number): number {
    const start = this.#end;
    this.#end += size;
    if (this.#end > NFT_USERDATA_MAXLEN) throw new Error('BUG: more than the kernel keeps with a set');
    return start;
  }
}
