/** One set or map of the nf_tables fake: its elements by the bytes of their keys, as the kernel tells them apart. */
import { constants } from 'node:os';
import { type Bytes, type Element, formatKey, type SetDeclaration } from '@menwei/netlink/nftables';
import {
  CATCHALL,
  formatVerdict,
  keySize,
  MAX_COMMENT_SIZE,
  parseVerdict,
  valueSize,
} from '@menwei/netlink/nftables/codec';
import { Refused } from './refused.ts';

const { EEXIST, ENOENT } = constants.errno;

/** The same unless the key is a range. Strings of bytes compare as the bytes do. */
interface Ends {
  readonly first: Bytes;
  readonly last: Bytes;
}

interface KeptElement extends Ends {
  readonly element: Element;
}

/** Throws {@link Refused} for what the kernel refuses, and an Error (a broken invariant) for what the client does. */
export class NfSet {
  readonly declaration: SetDeclaration;
  readonly #elements: Map<Bytes, KeptElement>;

  constructor(declaration: SetDeclaration, elements: Iterable<[Bytes, KeptElement]> = []) {
    this.declaration = declaration;
    this.#elements = new Map(elements);
  }

  copy(): NfSet {
    return new NfSet(this.declaration, this.#elements);
  }

  *elements(): Iterable<Element> {
    for (const { element } of this.#elements.values()) yield element;
  }

  /** Of an element that is there already with the same data, nothing is changed. */
  add(element: Element): void {
    const { key, data, comment } = element;
    const ends = this.#endsOf(key);
    if (Buffer.byteLength(comment) > MAX_COMMENT_SIZE) throw new Error(`BUG: a comment too long: ${comment}`);
    this.#checkData(data);
    const present = this.#elements.get(ends.first);
    if (present === undefined || present.last !== ends.last) {
      if (this.#overlaps(ends))
        throw new Refused(EEXIST, `${this.#format(key)} overlaps with another element`);
      this.#elements.set(ends.first, { ...ends, element });
    } else if (present.element.data !== data) {
      throw new Refused(EEXIST, `${this.#format(key)} has other data`);
    }
  }

  /** Stricter than the kernel, which lets any value of a concatenated range stand for the range. */
  delete(key: Bytes): void {
    const { first, last } = this.#endsOf(key);
    if (this.#elements.get(first)?.last !== last)
      throw new Refused(ENOENT, `no element ${this.#format(key)}`);
    this.#elements.delete(first);
  }

  #overlaps({ first, last }: Ends): boolean {
    if (!this.declaration.interval) return false;
    return [...this.#elements.values()].some((other) => other.first <= last && first <= other.last);
  }

  #endsOf(key: Bytes): Ends {
    if (key === CATCHALL) return { first: key, last: key };
    const size = keySize(this.declaration);
    if (key.length !== size) throw new Error(`BUG: a key of ${key.length} bytes where ${size} should be`);
    if (!this.declaration.interval) return { first: key, last: key };
    const valueEnd = valueSize(this.declaration.key);
    const ends = {
      first: key.slice(0, valueEnd),
      last: key.slice(0, 2 * valueEnd - size) + key.slice(valueEnd),
    };
    if (ends.first > ends.last) throw new Error('BUG: a range that ends before it begins');
    return ends;
  }

  #format(key: Bytes): string {
    return formatKey(this.declaration, key);
  }

  #checkData(data: Bytes | undefined): void {
    const { name, data: types } = this.declaration;
    if (types === undefined || data === undefined) {
      if (types !== data) throw new Error(`BUG: set ${name} is given data ${data}`);
    } else if (types === 'verdict') {
      if (formatVerdict(parseVerdict(data)) !== data) throw new Error(`BUG: '${data}' is no verdict`);
    } else if (data.length !== valueSize(types)) {
      throw new Error(`BUG: a value of ${data.length} bytes where ${valueSize(types)} should be`);
    }
  }
}
