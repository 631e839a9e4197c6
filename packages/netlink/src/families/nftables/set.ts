/** Sets and maps in netlink attributes, without their elements. */
import { type Attributes, decodeAttributes } from '../../attribute.ts';
import { forEachAttribute } from '../../attribute-reader.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { nested, optionalU32, text, u32 } from './attribute-value.ts';
import {
  NFT_DATA_VERDICT,
  NFT_SET,
  NFTA_LIST_ELEM,
  NFTA_SET,
  NFTA_SET_DESC,
  NFTA_SET_FIELD_LEN,
} from './constants.ts';
import { decodeDatatypes, encodeDatatypes, fieldSize, valueSize } from './datatype.ts';
import type { Datatype, SetDeclaration } from './model.ts';
import { decodeSetComment, encodeSetUserdata } from './set-userdata.ts';

const KNOWN_FLAGS = NFT_SET.INTERVAL | NFT_SET.MAP | NFT_SET.TIMEOUT | NFT_SET.EVAL | NFT_SET.CONCAT;
const DYNAMIC = NFT_SET.TIMEOUT | NFT_SET.EVAL;
/** What this library has no word for: a time that all elements live, counters. */
const UNKNOWN_ATTRIBUTES = [NFTA_SET.TIMEOUT, NFTA_SET.EXPR, NFTA_SET.EXPRESSIONS];

export function encodeSetName(writer: MessageWriter, table: string, set: string): void {
  writer.text(NFTA_SET.TABLE, table);
  writer.text(NFTA_SET.NAME, set);
}

/** @param id of the set in the transaction; nobody asks for it, but the kernel wants it. */
export function encodeSet(writer: MessageWriter, table: string, set: SetDeclaration, id: number): void {
  encodeSetName(writer, table, set.name);
  writer.u32be(NFTA_SET.FLAGS, flagsOf(set));
  writer.u32be(NFTA_SET.KEY_TYPE, encodeDatatypes(set.key));
  writer.u32be(NFTA_SET.KEY_LEN, valueSize(set.key));
  if (set.data === 'verdict') {
    writer.u32be(NFTA_SET.DATA_TYPE, NFT_DATA_VERDICT);
    writer.u32be(NFTA_SET.DATA_LEN, 0);
  } else if (set.data !== undefined) {
    writer.u32be(NFTA_SET.DATA_TYPE, encodeDatatypes(set.data));
    writer.u32be(NFTA_SET.DATA_LEN, valueSize(set.data));
  }
  writer.u32be(NFTA_SET.ID, id);
  encodeDescription(writer, set);
  writer.value(NFTA_SET.USERDATA, encodeSetUserdata(set));
}

/** Whether the ranges are those of a concatenation, which the kernel keeps and looks up in another way. */
export function hasConcatenatedRanges({ interval, key }: SetDeclaration): boolean {
  return interval && key.length > 1;
}

function flagsOf(set: SetDeclaration): number {
  return (
    (set.data === undefined ? 0 : NFT_SET.MAP) |
    (set.interval ? NFT_SET.INTERVAL : 0) |
    (hasConcatenatedRanges(set) ? NFT_SET.CONCAT : 0) |
    (set.dynamic ? DYNAMIC : 0)
  );
}

function encodeDescription(writer: MessageWriter, set: SetDeclaration): void {
  if (set.size === 0 && !hasConcatenatedRanges(set)) return;
  const description = writer.beginNested(NFTA_SET.DESC);
  if (set.size > 0) writer.u32be(NFTA_SET_DESC.SIZE, set.size);
  if (hasConcatenatedRanges(set)) encodeFields(writer, set.key);
  writer.endNested(description);
}

function encodeFields(writer: MessageWriter, key: readonly Datatype[]): void {
  const fields = writer.beginNested(NFTA_SET_DESC.CONCAT);
  for (const type of key) {
    const field = writer.beginNested(NFTA_LIST_ELEM);
    writer.u32be(NFTA_SET_FIELD_LEN, fieldSize(type));
    writer.endNested(field);
  }
  writer.endNested(fields);
}

/**
 * Undefined for a set without a name of its own, which belongs to one rule and goes with it. Of a set that this library
 * has no word for, the key has no field. Throws KernelError.
 */
export function decodeSet(attributes: Attributes): SetDeclaration | undefined {
  const flags = u32(attributes, NFTA_SET.FLAGS);
  if ((flags & NFT_SET.ANONYMOUS) !== 0) return undefined;
  const description = nested(attributes, NFTA_SET.DESC);
  const set: SetDeclaration = {
    name: text(attributes, NFTA_SET.NAME),
    key: decodeDatatypes(u32(attributes, NFTA_SET.KEY_TYPE)) ?? [],
    data: decodeData(attributes, flags),
    interval: (flags & NFT_SET.INTERVAL) !== 0,
    dynamic: (flags & DYNAMIC) === DYNAMIC,
    size: description === undefined ? 0 : u32(description, NFTA_SET_DESC.SIZE),
    comment: decodeSetComment(attributes.get(NFTA_SET.USERDATA)),
  };
  return isKnown(set, flags, attributes) ? set : { ...set, key: [] };
}

function decodeData(attributes: Attributes, flags: number): SetDeclaration['data'] {
  if ((flags & NFT_SET.MAP) === 0) return undefined;
  const type = u32(attributes, NFTA_SET.DATA_TYPE);
  return type === NFT_DATA_VERDICT ? 'verdict' : (decodeDatatypes(type) ?? []);
}

/** Whether the declaration says all there is: then it would be made again with the same flags, sizes and fields. */
function isKnown(set: SetDeclaration, flags: number, attributes: Attributes): boolean {
  return (
    (flags & ~KNOWN_FLAGS) === 0 &&
    flags === flagsOf(set) &&
    set.key.length > 0 &&
    set.data?.length !== 0 &&
    optionalU32(attributes, NFTA_SET.KEY_LEN) === valueSize(set.key) &&
    (set.data === undefined ||
      set.data === 'verdict' ||
      u32(attributes, NFTA_SET.DATA_LEN) === valueSize(set.data)) &&
    (!hasConcatenatedRanges(set) || hasFields(attributes, set.key)) &&
    UNKNOWN_ATTRIBUTES.every((type) => !attributes.has(type))
  );
}

/** The kernel may be told to compare a concatenation in other pieces than its fields. */
function hasFields(attributes: Attributes, key: readonly Datatype[]): boolean {
  const fields = nested(attributes, NFTA_SET.DESC)?.get(NFTA_SET_DESC.CONCAT) ?? new Uint8Array();
  const sizes: number[] = [];
  forEachAttribute(fields, 0, fields.length, (_, from, to) => {
    sizes.push(u32(decodeAttributes(fields.subarray(from, to)), NFTA_SET_FIELD_LEN));
  });
  return sizes.length === key.length && key.every((type, index) => fieldSize(type) === sizes[index]);
}
