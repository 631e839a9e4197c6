/** Fields of packets and connections, each as nft's text and as the instruction that loads it into registers. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Expression, Register } from '@menwei/netlink/nftables';

/** Something of a packet that can be loaded into registers. */
interface Field {
  readonly text: string;
  /** How many registers of 32 bits it takes. */
  readonly words: number;
  load(to: Register): Expression;
}

/** Fields side by side, as the keys of maps are. */
export type Fields = readonly Field[];

export const ADDRESS_LENGTH: Readonly<Record<IpFamily, number>> = { IPv4: 4, IPv6: 16 };
export const KEYWORD: Readonly<Record<IpFamily, 'ip' | 'ip6'>> = { IPv4: 'ip', IPv6: 'ip6' };
/** Where the addresses stand in the header. */
export const ADDRESS_OFFSET = { IPv4: { saddr: 12, daddr: 16 }, IPv6: { saddr: 8, daddr: 24 } } as const;

export function address(family: IpFamily, which: 'saddr' | 'daddr'): Field {
  const length = ADDRESS_LENGTH[family];
  return {
    text: `${KEYWORD[family]} ${which}`,
    words: length / 4,
    load: (to) => ({
      name: 'payload',
      base: 'network',
      offset: ADDRESS_OFFSET[family][which],
      length,
      to,
    }),
  };
}

/** The transport protocol. */
export const PROTOCOL: Field = {
  text: 'meta l4proto',
  words: 1,
  load: (to) => ({ name: 'meta', key: 'l4proto', to }),
};

/** The destination port; TCP, UDP and SCTP have it in the same place. */
export const PORT: Field = {
  text: 'th dport',
  words: 1,
  load: (to) => ({ name: 'payload', base: 'transport', offset: 2, length: 2, to }),
};

export const SOURCE_PORT: Field = {
  text: 'th sport',
  words: 1,
  load: (to) => ({ name: 'payload', base: 'transport', offset: 0, length: 2, to }),
};

/** An address of the connection as the client made it (original) or as it is answered (reply). */
export function connectionAddress(
  family: IpFamily,
  direction: 'original' | 'reply',
  which: 'saddr' | 'daddr',
): Field {
  return {
    text: `ct ${direction} ${KEYWORD[family]} ${which}`,
    words: ADDRESS_LENGTH[family] / 4,
    load: (to) => ({ name: 'ct', key: which === 'saddr' ? 'src' : 'dst', direction, to }),
  };
}

/** A port of the connection. nft takes it only after a match on the protocol. */
export function connectionPort(direction: 'original' | 'reply', which: 'src' | 'dst'): Field {
  return {
    text: `ct ${direction} proto-${which}`,
    words: 1,
    load: (to) => ({ name: 'ct', key: `proto-${which}`, direction, to }),
  };
}

/** A random number from `offset` to `offset + modulus - 1`, each with the same chance. */
export function randomSlot(modulus: number, offset = 0): Field {
  return {
    text: `numgen random mod ${modulus}${offset === 0 ? '' : ` offset ${offset}`}`,
    words: 1,
    load: (to) => ({ name: 'numgen', modulus, offset, to }),
  };
}

/** The packet's priority, in which a rule can keep a number (docs/decisions/0028-numbers-for-verdicts.md). */
export const NUMBER: Field = {
  text: 'meta priority',
  words: 1,
  load: (to) => ({ name: 'meta', key: 'priority', to }),
};

/** Fields in registers, one behind the other, and how nft writes that. */
interface Concatenation {
  readonly text: string;
  readonly expressions: readonly Expression[];
  readonly first: Register;
  /** The first register after it. */
  readonly next: Register;
}

export function concatenation(fields: Fields, first: Register = 0): Concatenation {
  const expressions: Expression[] = [];
  let next = first;
  for (const field of fields) {
    expressions.push(field.load(next));
    next += field.words;
  }
  return { text: fields.map(({ text }) => text).join(' . '), expressions, first, next };
}

const REGISTERS = 16;
const REGISTERS_IN_UNIT = 4;

/** nft gives out registers in units of 128 bits here; what does not fit so (IPv6) it could not write anyway. */
export function dataRegister(next: Register, data: Fields): Register {
  const unit = Math.ceil(next / REGISTERS_IN_UNIT) * REGISTERS_IN_UNIT;
  const words = data.reduce((sum, field) => sum + field.words, 0);
  return unit + words <= REGISTERS ? unit : next;
}
