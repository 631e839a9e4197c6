/** Entries of sets from bytes to text, read where they lie: a dump has tens of thousands of them. */

import { decodeIpv4, decodeIpv6 } from '../../address-bytes.ts';
import { AsciiWriter } from '../../ascii-writer.ts';
import { forEachAttribute } from '../../attribute-reader.ts';
import { KernelError } from '../../kernel-error.ts';
import { malformed } from '../../message.ts';
import { IPSET_ENTRY_ATTR, IPSET_FLAG_NOMATCH } from './constants.ts';
import type { SetEntry, SetType } from './contract.ts';
import { ENTRY_PARTS, type EntryPart, NOMATCH, PROTOCOL_NAMES } from './entry.ts';

const COMMA = 0x2c;
const COLON = 0x3a;
const SLASH = 0x2f;

/** Reads the entries of sets of one type, one after the other. */
export class EntryReader {
  readonly #type: SetType;
  readonly #parts: readonly EntryPart[];
  readonly #text = new AsciiWriter();
  #bytes: Uint8Array = new Uint8Array();
  readonly #ip = new IpReader();
  readonly #secondIp = new IpReader();
  #protocol = -1;
  #port = -1;
  #prefixLength = -1;
  #flags = 0;

  constructor(type: SetType) {
    this.#type = type;
    this.#parts = ENTRY_PARTS[type];
  }

  /** The attributes of an entry, between `from` and `to`. Throws KernelError when they make none of the type. */
  read(bytes: Uint8Array, from: number, to: number): SetEntry {
    this.#bytes = bytes;
    this.#ip.clear();
    this.#secondIp.clear();
    this.#protocol = this.#port = this.#prefixLength = -1;
    this.#flags = 0;
    forEachAttribute(bytes, from, to, this.#take);
    for (const [index, part] of this.#parts.entries()) {
      if (index > 0) this.#text.character(COMMA);
      if (this.#write(part)) continue;
      this.#text.take();
      throw this.#lacks(part);
    }
    return this.#text.take();
  }

  readonly #take = (type: number, from: number, to: number): void => {
    if (type === IPSET_ENTRY_ATTR.IP) this.#ip.read(this.#bytes, from, to);
    if (type === IPSET_ENTRY_ATTR.IP2) this.#secondIp.read(this.#bytes, from, to);
    if (type === IPSET_ENTRY_ATTR.PORT) this.#port = this.#number(from, to, 2);
    if (type === IPSET_ENTRY_ATTR.PROTO) this.#protocol = this.#number(from, to, 1);
    if (type === IPSET_ENTRY_ATTR.CIDR2) this.#prefixLength = this.#number(from, to, 1);
    if (type === IPSET_ENTRY_ATTR.FLAGS) this.#flags = this.#number(from, to, 4);
  };

  #number(from: number, to: number, size: number): number {
    if (to - from !== size) throw malformed('number', from, to - from);
    let value = 0;
    for (let at = from; at < to; at++) value = (value << 8) | (this.#bytes[at] ?? 0);
    return value;
  }

  /** False: it is not there. */
  #write(part: EntryPart): boolean {
    switch (part) {
      case 'ip':
        return this.#ip.write(this.#bytes, this.#text);
      case 'second ip':
        return this.#secondIp.write(this.#bytes, this.#text);
      case 'second net':
        return this.#secondIp.write(this.#bytes, this.#text) && this.#writeLength();
      case 'protocol:port':
        return this.#writeProtocol() && this.#writePort();
      case 'port':
        return this.#writePort();
    }
  }

  #writeLength(): boolean {
    const { bits } = this.#secondIp;
    if (this.#prefixLength > bits) return false;
    if (this.#prefixLength >= 0 && this.#prefixLength < bits) {
      this.#text.character(SLASH);
      this.#text.decimal(this.#prefixLength);
    }
    if ((this.#flags & IPSET_FLAG_NOMATCH) !== 0) this.#text.text(NOMATCH);
    return true;
  }

  #writeProtocol(): boolean {
    if (this.#protocol <= 0) return false;
    const name = PROTOCOL_NAMES.get(this.#protocol);
    if (name === undefined) this.#text.decimal(this.#protocol);
    else this.#text.text(name);
    this.#text.character(COLON);
    return true;
  }

  #writePort(): boolean {
    if (this.#port < 0) return false;
    this.#text.decimal(this.#port);
    return true;
  }

  #lacks(part: EntryPart): KernelError {
    const detail = `it has no ${part} that can be right`;
    return new KernelError({ operation: 'decode', object: `entry of a set of type ${this.#type}`, detail });
  }
}

/** Where an address lies. */
class IpReader {
  #bytes: Uint8Array = new Uint8Array();
  #from = 0;
  #size = 0;

  get bits(): number {
    return this.#size * 8;
  }

  clear(): void {
    this.#size = 0;
  }

  read(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes = bytes;
    forEachAttribute(this.#bytes, from, to, this.#take);
  }

  /** False: it is not there. */
  write(bytes: Uint8Array, text: AsciiWriter): boolean {
    if (this.#size === 4) decodeIpv4(bytes, this.#from, text);
    if (this.#size === 16) decodeIpv6(bytes, this.#from, text);
    return this.#size > 0;
  }

  readonly #take = (_type: number, from: number, to: number): void => {
    if (to - from !== 4 && to - from !== 16) throw malformed('address', from, to - from);
    this.#from = from;
    this.#size = to - from;
  };
}
