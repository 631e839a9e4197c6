/** Registers, and the values that rules keep in them. */

import { addressBytes, ipFromBytes } from '@menwei/addresses/ip.ts';
import { IS_LITTLE_ENDIAN } from '@menwei/netlink';
import type { Datatype, Hex, Register } from '@menwei/netlink/nftables';
import { word } from '../../nft/statement.ts';
import { isPortProtocol, PROTOCOL_NUMBERS, protocolOfNumber } from '../../protocols.ts';

/** Words of four bytes, in hex. Those that a rule has not written have no value: the kernel lets no rule read them. */
export type Registers = readonly (Hex | undefined)[];

const WORD_DIGITS = 8;
const SEPARATOR = ' . ';
const SIZES: Readonly<Record<Datatype, number>> = {
  ipv4_addr: 4,
  ipv6_addr: 16,
  inet_proto: 1,
  inet_service: 2,
  slot: 4,
  classid: 4,
};

/** The last word of a value is filled up with zeros. */
export function store(registers: Registers, to: Register, value: Hex): Registers {
  const written = [...registers];
  for (const [index, word] of wordsOf(value).entries()) written[to + index] = word;
  return written;
}

/** So many bytes. Throws if the rule has not written them all. */
export function load(registers: Registers, from: Register, size: number): Hex {
  const words = Array.from({ length: Math.ceil(size / 4) }, (_, index) => registers[from + index]);
  if (words.includes(undefined)) throw new Error(`register ${from} has no value of ${size} bytes`);
  return words.join('').slice(0, 2 * size);
}

/** The fields side by side, as elements are written: `10.96.0.1 . tcp . 80`. */
export function loadFields(registers: Registers, from: Register, types: readonly Datatype[]): string {
  const fields: string[] = [];
  let next = from;
  for (const type of types) {
    const padded = load(registers, next, paddedSize(type));
    const value = padded.slice(0, 2 * SIZES[type]);
    // The kernel compares whole registers.
    if (!/^0*$/.test(padded.slice(value.length))) throw new Error(`${padded} is no ${type}`);
    fields.push(formatField(type, value));
    next += paddedSize(type) / 4;
  }
  return fields.join(SEPARATOR);
}

export function storeFields(
  registers: Registers,
  to: Register,
  types: readonly Datatype[],
  text: string,
): Registers {
  let stored = registers;
  let next = to;
  for (const [index, field] of text.split(SEPARATOR).entries()) {
    const type = types[index];
    if (type === undefined) throw new Error(`${text} is no ${types.join(SEPARATOR)}`);
    stored = store(stored, next, parseField(type, field));
    next += paddedSize(type) / 4;
  }
  return stored;
}

/** Of 32 bits, in the order of this machine. */
export function numberOf(value: Hex): number {
  const bytes = Buffer.from(value, 'hex');
  return IS_LITTLE_ENDIAN ? bytes.readUInt32LE() : bytes.readUInt32BE();
}

/** An address, a port or a protocol as it stands in a packet. */
export function parseField(type: Datatype, text: string): Hex {
  switch (type) {
    case 'ipv4_addr':
    case 'ipv6_addr':
      return Buffer.from(addressBytes(text)).toString('hex');
    case 'inet_proto':
      return bigEndian(isPortProtocol(text) ? PROTOCOL_NUMBERS[text] : Number(text), 1);
    case 'inet_service':
      return bigEndian(Number(text), 2);
    case 'slot':
      return word(Number(text));
    case 'classid': {
      const [high = '', low = ''] = text.split(':');
      return word(Number.parseInt(high, 16) * 0x10000 + Number.parseInt(low, 16));
    }
  }
}

function formatField(type: Datatype, value: Hex): string {
  switch (type) {
    case 'ipv4_addr':
    case 'ipv6_addr':
      return ipFromBytes(Buffer.from(value, 'hex'));
    case 'inet_proto': {
      const number = Number.parseInt(value, 16);
      return protocolOfNumber(number) ?? String(number);
    }
    case 'inet_service':
      return String(Number.parseInt(value, 16));
    case 'slot':
      return String(numberOf(value));
    case 'classid': {
      const number = numberOf(value);
      return `${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`;
    }
  }
}

function bigEndian(value: number, size: number): Hex {
  return value.toString(16).padStart(2 * size, '0');
}

function paddedSize(type: Datatype): number {
  return Math.ceil(SIZES[type] / 4) * 4;
}

function wordsOf(value: Hex): readonly Hex[] {
  const words: Hex[] = [];
  for (let start = 0; start < value.length; start += WORD_DIGITS) {
    words.push(value.slice(start, start + WORD_DIGITS).padEnd(WORD_DIGITS, '0'));
  }
  return words;
}
