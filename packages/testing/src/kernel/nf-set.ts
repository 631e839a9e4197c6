/** One set or map of the nf_tables fake: its elements by the bytes of their keys, as the kernel tells them apart. */
import { constants } from 'node:os';
import type { Datatype, Element, SetDeclaration } from '@menwei/netlink/nftables';
import {
  AsciiWriter,
  decodeRange,
  decodeValue,
  encodeFields,
  encodeRange,
  encodeValue,
  formatVerdict,
  MAX_COMMENT_SIZE,
  noSuchValue,
  paddedSize,
  parseVerdict,
  SEPARATOR,
  valueSize,
} from '@menwei/netlink/nftables/codec';
import { Refused } from './refused.ts';

const { EEXIST, ENOENT } = constants.errno;

/** In hexadecimal, so that they compare as the bytes do; the same unless the key is a range. */
interface Ends {
  readonly first: string;
  readonly last: string;
}

interface KeptElement extends Ends {
  readonly element: Element;
}

/** Throws {@link Refused} for what the kernel refuses, and an Error (a broken invariant) for what the client does. */
export class NfSet {
  readonly declaration: SetDeclaration;
  readonly #elements: Map<string, KeptElement>;

  constructor(declaration: SetDeclaration, elements: Iterable<[string, KeptElement]> = []) {
    this.declaration = declaration;
    this.#elements = new Map(elements);
  }

  copy(): NfSet {
    return new NfSet(this.declaration, this.#elements);
  }

  /** In canonical text. */
  *elements(): Iterable<Element> {
    for (const { element } of this.#elements.values()) yield element;
  }

  /** Of an element that is there already with the same data, nothing is changed. */
  add({ key, data, comment }: Element): void {
    const ends = this.#endsOf(key);
    if (Buffer.byteLength(comment) > MAX_COMMENT_SIZE) throw new Error(`BUG: a comment too long: ${comment}`);
    const element = { key: this.#formatKey(ends), data: this.#canonicalData(data), comment };
    const present = this.#elements.get(ends.first);
    if (present === undefined || present.last !== ends.last) {
      if (this.#overlaps(ends)) throw new Refused(EEXIST, `${key} overlaps with another element`);
      this.#elements.set(ends.first, { ...ends, element });
    } else if (present.element.data !== element.data) {
      throw new Refused(EEXIST, `${key} has other data`);
    }
  }

  /** Stricter than the kernel, which lets any value of a concatenated range stand for the range. */
  delete(key: string): void {
    const { first, last } = this.#endsOf(key);
    if (this.#elements.get(first)?.last !== last) throw new Refused(ENOENT, `no element ${key}`);
    this.#elements.delete(first);
  }

  #overlaps({ first, last }: Ends): boolean {
    if (!this.declaration.interval) return false;
    return [...this.#elements.values()].some((other) => other.first <= last && first <= other.last);
  }

  #endsOf(key: string): Ends {
    const { key: types, interval } = this.declaration;
    const size = valueSize(types);
    const first = new Uint8Array(size);
    if (!interval) {
      encodeValue(types, key, first, 0);
      return { first: hex(first), last: hex(first) };
    }
    const { fixed, ranged, offset } = this.#fields();
    const start = fixed.length === 0 ? 0 : encodeFields(fixed, key, 0, first, 0) + SEPARATOR.length;
    const ends = new Uint8Array(2 * size);
    ends.set(first);
    ends.set(first, size);
    if (!encodeRange(ranged, key, start, ends, offset, size + offset)) throw noSuchValue(types, key);
    return { first: hex(ends.subarray(0, size)), last: hex(ends.subarray(size)) };
  }

  #formatKey({ first, last }: Ends): string {
    const writer = new AsciiWriter();
    const bytes = Buffer.from(first + last, 'hex');
    const { key: types, interval } = this.declaration;
    if (!interval) {
      decodeValue(types, bytes, 0, writer);
      return writer.take();
    }
    const { fixed, ranged, offset } = this.#fields();
    if (fixed.length > 0) {
      decodeValue(fixed, bytes, 0, writer);
      writer.text(SEPARATOR);
    }
    decodeRange(ranged, bytes, offset, valueSize(types) + offset, writer);
    return writer.take();
  }

  #fields(): { readonly fixed: readonly Datatype[]; readonly ranged: Datatype; readonly offset: number } {
    const { key } = this.declaration;
    const ranged = key.at(-1);
    if (ranged === undefined) throw new Error('BUG: a set whose keys have no field');
    const fixed = key.slice(0, -1);
    return { fixed, ranged, offset: fixed.reduce((sum, type) => sum + paddedSize(type), 0) };
  }

  #canonicalData(data: string | undefined): string | undefined {
    const types = this.declaration.data;
    if (types === undefined || data === undefined) {
      if (types !== data) throw new Error(`BUG: set ${this.declaration.name} is given data ${data}`);
      return undefined;
    }
    if (types === 'verdict') return formatVerdict(parseVerdict(data));
    const bytes = new Uint8Array(valueSize(types));
    encodeValue(types, data, bytes, 0);
    const writer = new AsciiWriter();
    decodeValue(types, bytes, 0, writer);
    return writer.take();
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
