/** Reads what the kernel lists of sets. */

import { decodeAttributes } from '../../attribute.ts';
import { forEachAttribute } from '../../attribute-reader.ts';
import type { DumpReader } from '../../connection.ts';
import { KernelError } from '../../kernel-error.ts';
import type { NetlinkMessage } from '../../message.ts';
import { decodeBody, NFGENMSG_SIZE } from '../../nfnetlink.ts';
import { IPSET_ATTR, IPSET_SET_ATTR } from './constants.ts';
import type { ObservedSet, SetEntry, SetShape } from './contract.ts';
import { EntryReader } from './entry-reader.ts';
import { attribute, decodeShape, decodeType, formatType, textOf, u32be } from './message.ts';

/** A list of one set: the first message says what it is, all of them have entries. */
export class SetReader implements DumpReader<ObservedSet> {
  readonly #name: string;
  readonly #entries = new Set<SetEntry>();
  #shape: SetShape | undefined;
  #entry: EntryReader | undefined;
  #payload: Uint8Array = new Uint8Array();

  constructor(name: string) {
    this.#name = name;
  }

  /** Throws KernelError when malformed, or when the set is none of the types in use. */
  read({ payload }: NetlinkMessage): void {
    if (this.#shape === undefined) this.#begin(payload);
    this.#payload = payload;
    forEachAttribute(payload, NFGENMSG_SIZE, payload.length, this.#takeList);
  }

  result(): ObservedSet {
    if (this.#shape === undefined) throw this.#failure('the kernel said nothing of it');
    return { shape: this.#shape, entries: this.#entries };
  }

  #begin(payload: Uint8Array): void {
    const body = decodeBody(payload);
    this.#shape = decodeShape(body);
    if (this.#shape === undefined) {
      throw this.#failure(`it is of type ${formatType(decodeType(body))}, which is not known here`);
    }
    this.#entry = new EntryReader(this.#shape.type);
  }

  readonly #takeList = (type: number, from: number, to: number): void => {
    if (type === IPSET_ATTR.ADT) forEachAttribute(this.#payload, from, to, this.#takeEntry);
  };

  readonly #takeEntry = (_type: number, from: number, to: number): void => {
    if (this.#entry !== undefined) this.#entries.add(this.#entry.read(this.#payload, from, to));
  };

  #failure(detail: string): KernelError {
    return new KernelError({ operation: 'observe', object: `set ${this.#name}`, detail });
  }
}

/** How many entries each set has, from a list of all sets without entries. */
export class SizesReader implements DumpReader<ReadonlyMap<string, number>> {
  readonly #sizes = new Map<string, number>();

  /** Throws KernelError when malformed. */
  read({ payload }: NetlinkMessage): void {
    const body = decodeBody(payload);
    const data = decodeAttributes(attribute(body, IPSET_ATTR.DATA));
    this.#sizes.set(textOf(body, IPSET_ATTR.SETNAME), u32be(data, IPSET_SET_ATTR.ELEMENTS));
  }

  result(): ReadonlyMap<string, number> {
    return this.#sizes;
  }
}
