/** Where the parts of an element lie in a message of a dump, found without copying or making anything. */
import { forEachAttribute } from '../../attribute-reader.ts';
import { malformed } from '../../message.ts';
import { NFTA_DATA, NFTA_SET_ELEM, NFTA_VERDICT } from './constants.ts';

/** Of an element without an end to its life. */
export const NEVER = Number.POSITIVE_INFINITY;

/** From where to where; of length 0 when there is none. */
export class Span {
  from = 0;
  to = 0;

  get size(): number {
    return this.to - this.from;
  }

  set(from: number, to: number): void {
    this.from = from;
    this.to = to;
  }
}

/** One object for all elements: each {@link read} forgets the one before. */
export class ElementParts {
  bytes: Uint8Array = new Uint8Array();
  readonly key = new Span();
  readonly keyEnd = new Span();
  readonly data = new Span();
  readonly chain = new Span();
  readonly userdata = new Span();
  /** NF_* or NFT_*, as a number without sign. */
  verdict: number | undefined;
  /** NFT_SET_ELEM_* */
  flags = 0;
  expiresMs = NEVER;

  /** The attributes of one element. Throws KernelError when malformed. */
  read(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes;
    this.key.set(0, 0);
    this.keyEnd.set(0, 0);
    this.data.set(0, 0);
    this.chain.set(0, 0);
    this.userdata.set(0, 0);
    this.verdict = undefined;
    this.flags = 0;
    this.expiresMs = NEVER;
    forEachAttribute(bytes, from, to, this.#takePart);
  }

  readonly #takePart = (type: number, from: number, to: number): void => {
    switch (type) {
      case NFTA_SET_ELEM.KEY:
        forEachAttribute(this.bytes, from, to, this.#takeKey);
        break;
      case NFTA_SET_ELEM.KEY_END:
        forEachAttribute(this.bytes, from, to, this.#takeKeyEnd);
        break;
      case NFTA_SET_ELEM.DATA:
        forEachAttribute(this.bytes, from, to, this.#takeData);
        break;
      case NFTA_SET_ELEM.USERDATA:
        this.userdata.set(from, to);
        break;
      case NFTA_SET_ELEM.FLAGS:
        this.flags = this.#number(from, to, 4);
        break;
      case NFTA_SET_ELEM.EXPIRATION:
        this.expiresMs = this.#number(from, to, 8);
    }
  };

  readonly #takeKey = (type: number, from: number, to: number): void => {
    if (type === NFTA_DATA.VALUE) this.key.set(from, to);
  };

  readonly #takeKeyEnd = (type: number, from: number, to: number): void => {
    if (type === NFTA_DATA.VALUE) this.keyEnd.set(from, to);
  };

  readonly #takeData = (type: number, from: number, to: number): void => {
    if (type === NFTA_DATA.VALUE) this.data.set(from, to);
    else if (type === NFTA_DATA.VERDICT) forEachAttribute(this.bytes, from, to, this.#takeVerdict);
  };

  readonly #takeVerdict = (type: number, from: number, to: number): void => {
    if (type === NFTA_VERDICT.CODE) this.verdict = this.#number(from, to, 4);
    else if (type === NFTA_VERDICT.CHAIN) this.chain.set(from, to);
  };

  #number(from: number, to: number, size: number): number {
    if (to - from !== size) throw malformed('number', from, to - from);
    let value = 0;
    for (let at = from; at < to; at++) value = value * 256 + (this.bytes[at] ?? 0);
    return value;
  }
}
