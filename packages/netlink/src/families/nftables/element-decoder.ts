/** Elements of sets and maps from netlink attributes, as texts; element.ts is the other way. */
import { forEachAttribute } from '../../attribute-reader.ts';
import { malformed } from '../../message.ts';
import { AsciiWriter } from './ascii-writer.ts';
import { NFGENMSG_SIZE, NFT_SET_ELEM, NFTA_SET_ELEM_LIST } from './constants.ts';
import { decodeValue, valueSize } from './datatype.ts';
import { CATCHALL } from './element.ts';
import { ElementParts, NEVER, type Span } from './element-parts.ts';
import { type Bound, joinBounds } from './interval.ts';
import type { Element, SetDeclaration } from './model.ts';
import { decodeRangedValue } from './range.ts';
import { hasConcatenatedRanges } from './set.ts';
import { SharedTexts } from './text.ts';
import { readComment } from './userdata.ts';
import { formatVerdict, verdictOf } from './verdict.ts';

/** `expiresMs`: how long it still lives, Infinity if there is no end to it. */
type ElementTaker = (element: Element, expiresMs: number) => void;

export class ElementDecoder {
  readonly #set: SetDeclaration;
  readonly #take: ElementTaker;
  readonly #keySize: number;
  readonly #dataSize: number;
  readonly #parts = new ElementParts();
  readonly #text = new AsciiWriter();
  /** The same comments and chains stand in many elements. */
  readonly #texts = new SharedTexts();
  /** Of an interval set, until all are there. */
  readonly #bounds: Bound[] = [];
  #bytes: Uint8Array = new Uint8Array();

  /** `take` is called for every element, in no order. */
  constructor(set: SetDeclaration, take: ElementTaker) {
    this.#set = set;
    this.#take = take;
    this.#keySize = valueSize(set.key);
    this.#dataSize = set.data === undefined || set.data === 'verdict' ? 0 : valueSize(set.data);
  }

  /** The payload of a message with elements of the set. Throws KernelError when malformed. */
  read(payload: Uint8Array): void {
    this.#bytes = payload;
    forEachAttribute(payload, NFGENMSG_SIZE, payload.length, this.#readBody);
  }

  /** To be called after the last message: intervals are known only now. */
  end(): void {
    const [type] = this.#set.key;
    if (type === undefined) return;
    for (const element of joinBounds(type, this.#bounds, this.#text)) this.#take(element, NEVER);
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
      const value = parts.bytes.slice(parts.key.from, parts.key.to);
      const isEnd = (parts.flags & NFT_SET_ELEM.INTERVAL_END) !== 0;
      this.#bounds.push({ value, isEnd, data, comment });
    } else {
      this.#take({ key: this.#key(parts), data, comment }, parts.expiresMs);
    }
  };

  #key({ bytes, key, keyEnd }: ElementParts): string {
    checkSize(key, this.#keySize);
    if (hasConcatenatedRanges(this.#set)) {
      checkSize(keyEnd, this.#keySize);
      decodeRangedValue(this.#set.key, bytes, key.from, keyEnd.from, this.#text);
    } else {
      decodeValue(this.#set.key, bytes, key.from, this.#text);
    }
    return this.#text.take();
  }

  #data({ bytes, data, verdict, chain }: ElementParts): string | undefined {
    const types = this.#set.data;
    if (types === undefined) return undefined;
    if (types !== 'verdict') {
      if (data.size === 0) return undefined;
      checkSize(data, this.#dataSize);
      decodeValue(types, bytes, data.from, this.#text);
      return this.#text.take();
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
