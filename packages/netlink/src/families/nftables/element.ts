/** Elements of sets and maps as netlink attributes: what goes to the kernel. element-decoder.ts reads them. */
import type { MessageWriter } from '../../message-writer.ts';
import { NFT_SET_ELEM, NFTA_DATA, NFTA_LIST_ELEM, NFTA_SET_ELEM, NFTA_SET_ELEM_LIST } from './constants.ts';
import { fieldSize, paddedSize, valueSize } from './datatype.ts';
import { writeBytes } from './fields.ts';
import type { Bytes, Datatype, Element, SetDeclaration } from './model.ts';
import { compareBytes, increment } from './range.ts';
import { hasConcatenatedRanges } from './set.ts';
import { encodeComment } from './userdata.ts';
import { encodeVerdict, parseVerdict } from './verdict.ts';

/** More than any element takes: two keys, a verdict with a chain, a comment. */
export const MAX_ELEMENT_SIZE = 1024;
/** The key of the element for all that no other element is for. */
export const CATCHALL: Bytes = '';

/** Room for both ends of a range of the largest field. */
const ENDS = new Uint8Array(32);

/** What comes before the elements in a message: the names of table and set. */
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

function dataWriter(types: SetDeclaration['data']): (writer: MessageWriter, data: Bytes) => void {
  if (types === undefined) return () => undefined;
  if (types === 'verdict') {
    return (writer, data) => encodeVerdict(writer, NFTA_SET_ELEM.DATA, parseVerdict(data));
  }
  const size = valueSize(types);
  return (writer, data) => writeValue(writer, NFTA_SET_ELEM.DATA, size, data);
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
    writeValue(writer, NFTA_SET_ELEM.KEY, size, element.key);
    writeRest(writer, element, false);
    writer.endNested(item);
  };
}

function writeValue(writer: MessageWriter, type: number, size: number, value: Bytes): void {
  checkSize(value, size);
  const data = writer.beginNested(type);
  const at = writer.space(NFTA_DATA.VALUE, size);
  writeBytes(value, writer.buffer, at);
  writer.endNested(data);
}

function checkSize(value: Bytes, size: number): void {
  if (value.length !== size) throw new Error(`BUG: a value of ${value.length} bytes where ${size} should be`);
}

/** The first key and the last one, which differ in the last field only. */
function concatenatedRangeEncoder(types: readonly Datatype[], writeRest: RestWriter): ElementEncoder {
  const [ranged] = types.slice(-1);
  const size = valueSize(types);
  const offset = size - (ranged === undefined ? 0 : paddedSize(ranged));
  return (writer, element) => {
    checkSize(element.key, size + size - offset);
    const item = writer.beginNested(NFTA_LIST_ELEM);
    const key = writer.beginNested(NFTA_SET_ELEM.KEY);
    const first = writer.space(NFTA_DATA.VALUE, size);
    writer.endNested(key);
    const keyEnd = writer.beginNested(NFTA_SET_ELEM.KEY_END);
    const last = writer.space(NFTA_DATA.VALUE, size);
    writer.endNested(keyEnd);
    const bytes = writer.buffer;
    writeBytes(element.key, bytes, first, 0, size);
    writeBytes(element.key, bytes, last, 0, offset);
    writeBytes(element.key, bytes, last + offset, size);
    checkOrder(bytes, first, last, size);
    writeRest(writer, element, false);
    writer.endNested(item);
  };
}

/** An element where the interval begins, and one where it has ended, unless there is no value after it. */
function intervalEncoder(type: Datatype, writeRest: RestWriter): ElementEncoder {
  const size = fieldSize(type);
  return (writer, element) => {
    checkSize(element.key, 2 * size);
    writeBytes(element.key, ENDS, 0);
    checkOrder(ENDS, 0, size, size);
    const hasEnd = increment(ENDS, size, size);
    const start = writer.beginNested(NFTA_LIST_ELEM);
    writeKey(writer, ENDS.subarray(0, size));
    writeRest(writer, element, !hasEnd);
    writer.endNested(start);
    if (!hasEnd) return;
    const end = writer.beginNested(NFTA_LIST_ELEM);
    writer.u32be(NFTA_SET_ELEM.FLAGS, NFT_SET_ELEM.INTERVAL_END);
    writeKey(writer, ENDS.subarray(size, 2 * size));
    writer.endNested(end);
  };
}

function checkOrder(bytes: Uint8Array, first: number, last: number, size: number): void {
  if (compareBytes(bytes, first, bytes, last, size) > 0)
    throw new Error('BUG: a range that ends before it begins');
}

function writeKey(writer: MessageWriter, value: Uint8Array): void {
  const key = writer.beginNested(NFTA_SET_ELEM.KEY);
  writer.value(NFTA_DATA.VALUE, value);
  writer.endNested(key);
}
