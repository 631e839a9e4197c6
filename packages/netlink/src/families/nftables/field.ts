/** The parts of expressions: how one property of an expression stands in netlink attributes. */
import type { Attributes } from '../../attribute.ts';
import { viewOf } from '../../message.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { nested, optionalU32, text, u32 } from './attribute-value.ts';
import { NFT_REG_VERDICT, NFTA_DATA } from './constants.ts';
import type { Hex, Register, TableFamily, Verdict } from './model.ts';
import { decodeVerdict, encodeVerdict } from './verdict.ts';

/** What is there can't be said with this property: the expression is none that we know. */
export const NO_WORD = Symbol('no word');

export interface Field<T> {
  /** Of the attributes it is made of. */
  readonly types: readonly number[];
  write(writer: MessageWriter, value: T, family: TableFamily): void;
  /** Throws KernelError when malformed. */
  read(attributes: Attributes, family: TableFamily): T | typeof NO_WORD;
}

export function number(type: number): Field<number> {
  return {
    types: [type],
    write: (writer, value) => writer.u32be(type, value),
    read: (attributes) => u32(attributes, type),
  };
}

/** A 64-bit number of milliseconds. */
export function milliseconds(type: number): Field<number> {
  return {
    types: [type],
    write: (writer, value) => writer.u64be(type, BigInt(value)),
    read: (attributes) => {
      const value = attributes.get(type);
      return value?.length === 8 ? Number(viewOf(value).getBigUint64(0)) : NO_WORD;
    },
  };
}

export function name(type: number): Field<string> {
  return {
    types: [type],
    write: (writer, value) => writer.text(type, value),
    read: (attributes) => (attributes.has(type) ? text(attributes, type) : NO_WORD),
  };
}

/** One of some words, each with its number. */
export function choice<Word extends string>(
  type: number,
  words: Readonly<Record<Word, number>>,
): Field<Word> {
  return familyChoice(type, { ip: words, ip6: words });
}

/** The same where the numbers differ from family to family. */
export function familyChoice<Word extends string>(
  type: number,
  words: Readonly<Record<TableFamily, Readonly<Record<Word, number>>>>,
): Field<Word> {
  return {
    types: [type],
    write: (writer, value, family) => writer.u32be(type, words[family][value]),
    read: (attributes, family) => wordOf(words[family], optionalU32(attributes, type)),
  };
}

/** The same as a number of one byte. */
export function familyByteChoice<Word extends string>(
  type: number,
  words: Readonly<Record<TableFamily, Readonly<Record<Word, number>>>>,
): Field<Word> {
  return {
    types: [type],
    write: (writer, value, family) => writer.u8(type, words[family][value]),
    read: (attributes, family) => wordOf(words[family], attributes.get(type)?.[0]),
  };
}

/** One of some words, each with its number of one byte, or none. */
export function optionalByteChoice<Word extends string>(
  type: number,
  words: Readonly<Record<Word, number>>,
): Field<Word | undefined> {
  return {
    types: [type],
    write: (writer, value) => {
      if (value !== undefined) writer.u8(type, words[value]);
    },
    read: (attributes) => {
      const value = attributes.get(type);
      return value === undefined ? undefined : wordOf(words, value[0]);
    },
  };
}

function wordOf<Word extends string>(
  words: Readonly<Record<Word, number>>,
  number: number | undefined,
): Word | typeof NO_WORD {
  for (const word in words) if (words[word] === number) return word;
  return NO_WORD;
}

/** A bit that is set or not; no attribute at all where it isn't. */
export function bit(type: number, mask: number): Field<boolean> {
  return {
    types: [type],
    write: (writer, value) => {
      if (value) writer.u32be(type, mask);
    },
    read: (attributes) => {
      const flags = u32(attributes, type);
      return flags === 0 || flags === mask ? flags === mask : NO_WORD;
    },
  };
}

/** What all expressions of a kind have in common, here. */
export function constant(type: number, value: number): Field<void> {
  return {
    types: [type],
    write: (writer) => writer.u32be(type, value),
    read: (attributes) => (u32(attributes, type) === value ? undefined : NO_WORD),
  };
}

/** Bits that the kernel sets by itself. */
export function ownBits(type: number, mask: number): Field<void> {
  return {
    types: [type],
    write: () => undefined,
    read: (attributes) => ((u32(attributes, type) & ~mask) === 0 ? undefined : NO_WORD),
  };
}

export function register(type: number): Field<Register> {
  return {
    types: [type],
    write: (writer, value) => writer.u32be(type, encodeRegister(value)),
    read: (attributes) => decodeRegister(optionalU32(attributes, type)),
  };
}

/** Of a range of which we know no more than its beginning. */
export function registerRange(first: number, last: number): Field<Register> {
  const beginning = register(first);
  return {
    types: [first, last],
    write: beginning.write,
    read: (attributes, family) => {
      const end = optionalU32(attributes, last);
      const isSingle = end === undefined || end === optionalU32(attributes, first);
      return isSingle ? beginning.read(attributes, family) : NO_WORD;
    },
  };
}

/** Where the result of a lookup goes, if there is one. */
export function resultRegister(type: number): Field<Register | 'verdict' | undefined> {
  return {
    types: [type],
    write: (writer, value) => {
      if (value === undefined) return;
      writer.u32be(type, value === 'verdict' ? NFT_REG_VERDICT : encodeRegister(value));
    },
    read: (attributes) => {
      const number = optionalU32(attributes, type);
      if (number === undefined) return undefined;
      return number === NFT_REG_VERDICT ? 'verdict' : decodeRegister(number);
    },
  };
}

/** The first four registers of 16 bytes have numbers of their own, by which the kernel calls the words they begin with. */
function encodeRegister(word: Register): number {
  if (!Number.isInteger(word) || word < 0 || word > 15) throw new Error(`BUG: there is no register ${word}`);
  return word % 4 === 0 ? 1 + word / 4 : 8 + word;
}

function decodeRegister(number: number | undefined): Register | typeof NO_WORD {
  if (number === undefined) return NO_WORD;
  if (number >= 1 && number <= 4) return (number - 1) * 4;
  return number >= 8 && number <= 23 ? number - 8 : NO_WORD;
}

/** `size` is the attribute for the number of bytes, if there is one. */
export function bytes(type: number, size?: number): Field<Hex> {
  return {
    types: size === undefined ? [type] : [type, size],
    write: (writer, value) => {
      if (size !== undefined) writer.u32be(size, value.length / 2);
      const data = writer.beginNested(type);
      writer.value(NFTA_DATA.VALUE, Buffer.from(value, 'hex'));
      writer.endNested(data);
    },
    read: (attributes) => {
      const value = nested(attributes, type)?.get(NFTA_DATA.VALUE);
      return value === undefined ? NO_WORD : Buffer.from(value).toString('hex');
    },
  };
}

export function verdict(type: number): Field<Verdict> {
  return {
    types: [type],
    write: (writer, value) => encodeVerdict(writer, type, value),
    read: (attributes) => {
      const data = nested(attributes, type);
      const inner = data === undefined ? undefined : nested(data, NFTA_DATA.VERDICT);
      return (inner === undefined ? undefined : decodeVerdict(inner)) ?? NO_WORD;
    },
  };
}
