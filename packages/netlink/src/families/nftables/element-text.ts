/** Keys and data of elements as nft writes them: `10.96.0.1 . tcp . 80`, `10.96.0.0/12`. For people, tools and tests. */
import { AsciiWriter } from '../../ascii-writer.ts';
import {
  decodeValue,
  encodeFieldTexts,
  encodeValue,
  noSuchValue,
  paddedSize,
  SEPARATOR,
  valueSize,
} from './datatype.ts';
import { CATCHALL } from './element.ts';
import { dataSize, keySize } from './fields.ts';
import type { Bytes, Datatype, Element, SetDeclaration } from './model.ts';
import { decodeRange, encodeRange } from './range.ts';
import { formatVerdict, parseVerdict } from './verdict.ts';

/** What nft writes for the key of all that no other element is for. */
const CATCHALL_TEXT = '*';

/** Throws an Error (a broken invariant) if the texts are no key and data of this set. */
export function parseElement(set: SetDeclaration, key: string, data?: string, comment = ''): Element {
  return { key: parseKey(set, key), data: parseData(set, data), comment };
}

/** Throws an Error (a broken invariant) if the text is no key of this set. */
export function parseKey(set: SetDeclaration, text: string): Bytes {
  if (text === CATCHALL_TEXT) return CATCHALL;
  const { key: types } = set;
  const bytes = Buffer.alloc(keySize(set));
  if (!set.interval) {
    encodeValue(types, text, bytes, 0);
    return bytes.toString('latin1');
  }
  const { fixed, ranged, offset } = rangedFields(types);
  const start = fixed.length === 0 ? 0 : encodeFieldTexts(fixed, text, 0, bytes, 0) + SEPARATOR.length;
  if (!encodeRange(ranged, text, start, bytes, offset, valueSize(types))) throw noSuchValue(types, text);
  return bytes.toString('latin1');
}

/** In canonical text. Throws an Error (a broken invariant) if it has not the size of the set's keys. */
export function formatKey(set: SetDeclaration, key: Bytes): string {
  if (key === CATCHALL) return CATCHALL_TEXT;
  const bytes = bytesOf(key, keySize(set), set);
  const writer = new AsciiWriter();
  if (!set.interval) decodeValue(set.key, bytes, 0, writer);
  else {
    const { fixed, ranged, offset } = rangedFields(set.key);
    if (fixed.length > 0) {
      decodeValue(fixed, bytes, 0, writer);
      writer.text(SEPARATOR);
    }
    decodeRange(ranged, bytes, offset, valueSize(set.key), writer);
  }
  return writer.take();
}

/** Throws an Error (a broken invariant) if the text is no data of this set. */
export function parseData(
  { name, data: types }: SetDeclaration,
  text: string | undefined,
): Bytes | undefined {
  if (types === undefined || text === undefined) {
    if (types !== text) throw new Error(`BUG: set ${name} is given data ${text}`);
    return undefined;
  }
  if (types === 'verdict') return formatVerdict(parseVerdict(text));
  const bytes = Buffer.alloc(valueSize(types));
  encodeValue(types, text, bytes, 0);
  return bytes.toString('latin1');
}

/** Undefined where there is none. Throws an Error (a broken invariant) if it has not the size of the map's values. */
export function formatData(set: SetDeclaration, data: Bytes | undefined): string | undefined {
  const { data: types } = set;
  if (data === undefined || types === undefined || types === 'verdict') return data;
  const writer = new AsciiWriter();
  decodeValue(types, bytesOf(data, dataSize(set), set), 0, writer);
  return writer.take();
}

function bytesOf(value: Bytes, size: number, { name }: SetDeclaration): Uint8Array {
  if (value.length !== size)
    throw new Error(`BUG: ${value.length} bytes in set ${name} where ${size} should be`);
  return Buffer.from(value, 'latin1');
}

function rangedFields(types: readonly Datatype[]): {
  readonly fixed: readonly Datatype[];
  readonly ranged: Datatype;
  readonly offset: number;
} {
  const ranged = types.at(-1);
  if (ranged === undefined) throw new Error('BUG: a set whose keys have no field');
  const fixed = types.slice(0, -1);
  return { fixed, ranged, offset: fixed.reduce((sum, type) => sum + paddedSize(type), 0) };
}
