/** Elements of sets and maps as netlink attributes: what goes to the kernel. element-decoder.ts reads them. */
import type { MessageWriter } from '../../message-writer.ts';
import { NFT_SET_ELEM, NFTA_DATA, NFTA_LIST_ELEM, NFTA_SET_ELEM, NFTA_SET_ELEM_LIST } from './constants.ts';
import {
  encodeFields,
  encodeValue,
  fieldSize,
  noSuchValue,
  paddedSize,
  SEPARATOR,
  valueSize,
} from './datatype.ts';
import type { Datatype, Element, SetDeclaration } from './model.ts';
import { encodeRange, increment } from './range.ts';
import { hasConcatenatedRanges } from './set.ts';
import { encodeComment } from './userdata.ts';
import { encodeVerdict, parseVerdict } from './verdict.ts';

/** More than any element takes: two keys, a verdict with a chain, a comment. */
export const MAX_ELEMENT_SIZE = 1024;
/** The key of the element for all that no other element is for. */
export const CATCHALL = '*';

/** Room for both ends of a range of the largest field. */
const ENDS = new Uint8Array(32);

export function encodeElementsHeader(writer: MessageWriter, table: string, set: string): void {
  writer.text(NFTA_SET_ELEM_LIST.TABLE, table);
  writer.text(NFTA_SET_ELEM_LIST.SET, set);
}

/** Writes one element of a list, or the two that make an interval. */
type ElementEncoder = (writer: MessageWriter, element: Element) => void;

/**
 * For all elements of a set that are to be added, or deleted: then by their keys alone. The encoder throws an Error (a
 * broken invariant) for a key or data that is none of this set.
 */
export function elementEncoder(set: SetDeclaration, purpose: 'add' | 'delete'): ElementEncoder {
  const writeRest = purpose === 'add' ? restWriter(set.data) : () => undefined;
  const encode = keyEncoder(set, writeRest);
  return (writer, element) => {
    if (element.key === CATCHALL) encodeCatchall(writer, element, writeRest);
    else encode(writer, element);
  };
}

function keyEncoder(set: SetDeclaration, writeRest: RestWriter): ElementEncoder {
  if (hasConcatenatedRanges(set)) return concatenatedRangeEncoder(set.key, writeRest);
  const [only] = set.key;
  if (set.interval && only !== undefined) return intervalEncoder(only, writeRest);
  return plainEncoder(set.key, writeRest);
}

/** What follows the key. */
type RestWriter = (writer: MessageWriter, element: Element, isOpenInterval: boolean) => void;

function restWriter(types: SetDeclaration['data']): RestWriter {
  const writeData = dataWriter(types);
  return (writer, { data, comment }, isOpenInterval) => {
    writeData(writer, data ?? '');
    encodeComment(writer, NFTA_SET_ELEM.USERDATA, comment, isOpenInterval);
  };
}

function dataWriter(types: SetDeclaration['data']): (writer: MessageWriter, data: string) => void {
  if (types === undefined) return () => undefined;
  if (types === 'verdict') {
    return (writer, data) => encodeVerdict(writer, NFTA_SET_ELEM.DATA, parseVerdict(data));
  }
  const size = valueSize(types);
  return (writer, data) => writeValue(writer, NFTA_SET_ELEM.DATA, types, size, data);
}

function encodeCatchall(writer: MessageWriter, element: Element, writeRest: RestWriter): void {
  const item = writer.beginNested(NFTA_LIST_ELEM);
  writer.u32be(NFTA_SET_ELEM.FLAGS, NFT_SET_ELEM.CATCHALL);
  writeRest(writer, element, false);
  writer.endNested(item);
}

function plainEncoder(types: readonly Datatype[], writeRest: RestWriter): ElementEncoder {
  const size = valueSize(types);
  return (writer, element) => {
    const item = writer.beginNested(NFTA_LIST_ELEM);
    writeValue(writer, NFTA_SET_ELEM.KEY, types, size, element.key);
    writeRest(writer, element, false);
    writer.endNested(item);
  };
}

function writeValue(
  writer: MessageWriter,
  type: number,
  types: readonly Datatype[],
  size: number,
  text: string,
): void {
  const data = writer.beginNested(type);
  const at = writer.space(NFTA_DATA.VALUE, size);
  encodeValue(types, text, writer.buffer, at);
  writer.endNested(data);
}

/** The first key and the last one, which differ in the last field only. */
function concatenatedRangeEncoder(types: readonly Datatype[], writeRest: RestWriter): ElementEncoder {
  const fixed = types.slice(0, -1);
  const ranged = types.slice(-1);
  const size = valueSize(types);
  const offset = fixed.reduce((sum, type) => sum + paddedSize(type), 0);
  return (writer, element) => {
    const item = writer.beginNested(NFTA_LIST_ELEM);
    const key = writer.beginNested(NFTA_SET_ELEM.KEY);
    const first = writer.space(NFTA_DATA.VALUE, size);
    writer.endNested(key);
    const keyEnd = writer.beginNested(NFTA_SET_ELEM.KEY_END);
    const last = writer.space(NFTA_DATA.VALUE, size);
    writer.endNested(keyEnd);
    const bytes = writer.buffer;
    const end = encodeFields(fixed, element.key, 0, bytes, first) + SEPARATOR.length;
    bytes.copyWithin(last, first, first + offset);
    for (const type of ranged) {
      if (!encodeRange(type, element.key, end, bytes, first + offset, last + offset)) {
        throw noSuchValue(types, element.key);
      }
    }
    writeRest(writer, element, false);
    writer.endNested(item);
  };
}

/** An element where the interval begins, and one where it has ended, unless there is no value after it. */
function intervalEncoder(type: Datatype, writeRest: RestWriter): ElementEncoder {
  const size = fieldSize(type);
  return (writer, element) => {
    if (!encodeRange(type, element.key, 0, ENDS, 0, size)) throw noSuchValue([type], element.key);
    const hasEnd = increment(ENDS, size, size);
    const start = writer.beginNested(NFTA_LIST_ELEM);
    writeBytes(writer, ENDS.subarray(0, size));
    writeRest(writer, element, !hasEnd);
    writer.endNested(start);
    if (!hasEnd) return;
    const end = writer.beginNested(NFTA_LIST_ELEM);
    writer.u32be(NFTA_SET_ELEM.FLAGS, NFT_SET_ELEM.INTERVAL_END);
    writeBytes(writer, ENDS.subarray(size, 2 * size));
    writer.endNested(end);
  };
}

function writeBytes(writer: MessageWriter, value: Uint8Array): void {
  const key = writer.beginNested(NFTA_SET_ELEM.KEY);
  writer.value(NFTA_DATA.VALUE, value);
  writer.endNested(key);
}
