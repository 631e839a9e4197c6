/** Elements of sets and maps from netlink attributes; element.ts is the other way. */
import { forEachAttribute } from '../../attribute-reader.ts';
import { malformed } from '../../message.ts';
import { NFGENMSG_SIZE } from '../../nfnetlink.ts';
import { SharedTexts } from '../../text.ts';
import { NFT_SET_ELEM, NFTA_SET_ELEM_LIST } from './constants.ts';
import { paddedSize, valueSize } from './datatype.ts';
import { CATCHALL } from './element.ts';
import { ElementParts, NEVER, type Span } from './element-parts.ts';
import { dataSize, readBytes } from './fields.ts';
import { type Bound, joinBounds } from './interval.ts';
import type { Bytes, Element, SetDeclaration } from './model.ts';
import { hasConcatenatedRanges } from './set.ts';
import { readComment } from './userdata.ts';
import { formatVerdict, verdictOf } from './verdict.ts';

/** `expiresMs`: how long it still lives, Infinity if there is no end to it. */
type ElementTaker = (element: Element, expiresMs: number) => void;

export class ElementDecoder {
  readonly #set: SetDeclaration;
  readonly #take: ElementTaker;
  readonly #keySize: number;
  readonly #dataSize: number;
  /** Where the end of a range stands in its last value; undefined: keys are no concatenated ranges. */
  readonly #rangedOffset: number | undefined;
  readonly #parts = new ElementParts();
  /** The same comments and chains stand in many elements. */
  readonly #texts: SharedTexts;
  /** Of an interval set, until all are there. */
  readonly #bounds: Bound[] = [];
  #bytes: Buffer = Buffer.alloc(0);

  /**
   * @param take called for every element, in no order
   * @param texts of comments and chains; other sets may share them
   */
  constructor(set: SetDeclaration, take: ElementTaker, texts = new SharedTexts()) {
    this.#set = set;
    this.#take = take;
    this.#texts = texts;
    this.#keySize = valueSize(set.key);
    this.#dataSize = dataSize(set);
    const last = set.key.at(-1);
    if (hasConcatenatedRanges(set) && last !== undefined)
      this.#rangedOffset = this.#keySize - paddedSize(last);
  }

  /** The payload of a message with elements of the set. Throws KernelError when malformed. */
  read(payload: Uint8Array): void {
    this.#bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
    forEachAttribute(payload, NFGENMSG_SIZE, payload.length, this.#readBody);
  }

  /** To be called after the last message: intervals are known only now. */
  end(): void {
    const [type] = this.#set.key;
    if (type === undefined) return;
    for (const element of joinBounds(type, this.#bounds)) this.#take(element, NEVER);
  }

  readonly #readBody = (type: number, from: number, to: number): void => {
    if (type === NFTA_SET_ELEM_LIST.ELEMENTS) forEachAttribute(this.#bytes, from, to, this.#readElement);
  };

  readonly #readElement = (_: number, from: number, to: number): void => {
    const parts = this.#parts;
    parts.read(this.#bytes, from, to);
    const data = this.#data(parts);
    const comment = readComment(parts.bytes, parts.userdata.from, parts.userdata.to, this.#readShared);
    if ((parts.flags & NFT_SET_ELEM.CATCHALL) !== 0) {
      this.#take({ key: CATCHALL, data, comment }, parts.expiresMs);
    } else if (this.#set.interval && this.#set.key.length === 1) {
      checkSize(parts.key, this.#keySize);
      const value = Uint8Array.from(parts.bytes.subarray(parts.key.from, parts.key.to));
      const isEnd = (parts.flags & NFT_SET_ELEM.INTERVAL_END) !== 0;
      this.#bounds.push({ value, isEnd, data, comment });
    } else {
      this.#take({ key: this.#key(parts), data, comment }, parts.expiresMs);
    }
  };

  #key({ key, keyEnd }: ElementParts): Bytes {
    checkSize(key, this.#keySize);
    const value = readBytes(this.#bytes, key.from, key.to);
    if (this.#rangedOffset === undefined) return value;
    checkSize(keyEnd, this.#keySize);
    return value + readBytes(this.#bytes, keyEnd.from + this.#rangedOffset, keyEnd.to);
  }

  #data({ bytes, data, verdict, chain }: ElementParts): Bytes | undefined {
    const types = this.#set.data;
    if (types === undefined) return undefined;
    if (types !== 'verdict') {
      if (data.size === 0) return undefined;
      checkSize(data, this.#dataSize);
      return readBytes(this.#bytes, data.from, data.to);
    }
    if (verdict === undefined) return undefined;
    const known = verdictOf(verdict, this.#readShared(bytes, chain.from, chain.to));
    return known === undefined ? `verdict ${verdict}` : formatVerdict(known);
  }

  readonly #readShared = (bytes: Uint8Array, from: number, to: number): string =>
    this.#texts.read(bytes, from, to);
}

function checkSize(span: Span, size: number): void {
  if (span.size !== size) throw malformed('value', span.from, span.size);
}
