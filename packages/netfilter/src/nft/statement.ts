/**
 * Rules, statement by statement, each as nft's text and as the kernel's instructions at once. The instructions are the
 * ones nft would make of the text, so that a table made either way is the same.
 */
import { addressBytes, type IpFamily, parseKnownCidr } from '@menwei/addresses/ip.ts';
import { IS_LITTLE_ENDIAN, PROTOCOL_NUMBERS } from '@menwei/netlink';
import type { Expression, Hex, Rule } from '@menwei/netlink/nftables';
import {
  ADDRESS_LENGTH,
  ADDRESS_OFFSET,
  concatenation,
  dataRegister,
  type Fields,
  KEYWORD,
  NUMBER,
  PROTOCOL,
} from './field.ts';

type Protocol = (typeof PROTOCOLS)[number];

export interface Statement {
  readonly text: string;
  readonly expressions: readonly Expression[];
}

/** The statements one after the other; the rule ends at the first one that does not match. */
export function rule(statements: readonly Statement[], comment = ''): Rule {
  // nft puts a match on TCP in front of such a rule by itself, and does not print it.
  const implied = statements.includes(RESET) ? isProtocol('TCP').expressions : [];
  return {
    text: statements.map(({ text }) => text).join(' '),
    expressions: [...implied, ...statements.flatMap(({ expressions }) => expressions)],
    comment,
  };
}

/** The fields are, or are not, an element of the set. */
export function inSet(fields: Fields, set: string, inverted = false): Statement {
  const key = concatenation(fields);
  return {
    text: `${key.text} ${inverted ? '!= ' : ''}@${set}`,
    expressions: [...key.expressions, { name: 'lookup', set, from: 0, to: undefined, inverted }],
  };
}

/** Goes where the map says; on to the next rule if it says nothing. */
export function verdictOf(fields: Fields, map: string): Statement {
  const key = concatenation(fields);
  return {
    text: `${key.text} vmap @${map}`,
    expressions: [...key.expressions, { name: 'lookup', set: map, from: 0, to: 'verdict', inverted: false }],
  };
}

/** Keeps the number that the map has; on to the next rule if it has none. */
export function keepNumber(fields: Fields, map: string): Statement {
  const key = concatenation(fields);
  return {
    text: `meta priority set ${key.text} map @${map}`,
    expressions: [
      ...key.expressions,
      { name: 'lookup', set: map, from: 0, to: 0, inverted: false },
      { name: 'meta set', key: 'priority', from: 0 },
    ],
  };
}

/**
 * Goes where `verdicts` says for the number that `numbers` has; on to the next rule if that has none. A rule can keep the
 * number in nothing but the packet for that time: its priority (docs/decisions/0028-numbers-for-verdicts.md).
 */
export function verdictOfNumber(fields: Fields, numbers: string, verdicts: string): Statement {
  const [keeping, going] = [keepNumber(fields, numbers), verdictOf([NUMBER], verdicts)];
  return {
    text: `${keeping.text} ${going.text}`,
    expressions: [...keeping.expressions, ...going.expressions],
  };
}

/** Takes such a number off the packet. */
export const FORGET_NUMBER: Statement = {
  text: 'meta priority set none',
  expressions: [
    { name: 'immediate value', to: 0, value: word(0) },
    { name: 'meta set', key: 'priority', from: 0 },
  ],
};

/** Sends the connection to the endpoint that the map has; on to the next rule if it has none. */
export function dnatTo(family: IpFamily, fields: Fields, map: string): Statement {
  const key = concatenation(fields);
  const table = KEYWORD[family];
  return {
    text: `dnat ${table} to ${key.text} map @${map}`,
    expressions: [
      ...key.expressions,
      { name: 'lookup', set: map, from: 0, to: 0, inverted: false },
      { name: 'dnat', family: table, address: 0, port: ADDRESS_LENGTH[family] / 4 },
    ],
  };
}

/** Sends the connection to this address, and leaves the port alone. */
export function dnatToAddress(family: IpFamily, ip: string): Statement {
  const table = KEYWORD[family];
  return {
    text: `dnat to ${ip}`,
    expressions: [
      { name: 'immediate value', to: 0, value: hex(addressBytes(ip)) },
      { name: 'dnat address', family: table, address: 0 },
    ],
  };
}

/** Makes an element, or renews the time of the one that is there and leaves its data alone. */
export function update(map: string, key: Fields, data: Fields, seconds: number): Statement {
  const left = concatenation(key);
  const right = concatenation(data, dataRegister(left.next, data));
  return {
    text: `update @${map} { ${left.text} timeout ${seconds}s : ${right.text} }`,
    expressions: [
      ...left.expressions,
      ...right.expressions,
      { name: 'update', set: map, key: 0, data: right.first, timeoutMs: seconds * 1000 },
    ],
  };
}

/** The address is, or is not, in the CIDR. */
export function inCidr(
  family: IpFamily,
  which: 'saddr' | 'daddr',
  cidr: string,
  inverted = false,
): Statement {
  const parsed = parseKnownCidr(cidr);
  const { prefixLength } = parsed;
  const bytes = addressBytes(parsed.address);
  const isWhole = prefixLength === bytes.length * 8;
  // Of a prefix of whole bytes nft loads only those, and needs no mask.
  const length = prefixLength % 8 === 0 && prefixLength > 0 ? prefixLength / 8 : bytes.length;
  const mask = bytes.map((_, index) => (0xff00 >> Math.min(8, Math.max(0, prefixLength - index * 8))) & 0xff);
  const expressions: Expression[] = [
    { name: 'payload', base: 'network', offset: ADDRESS_OFFSET[family][which], length, to: 0 },
  ];
  if (length * 8 !== prefixLength) {
    expressions.push({ name: 'bitwise', from: 0, to: 0, mask: hex(mask), xor: hex(bytes.map(() => 0)) });
  }
  expressions.push({
    name: 'cmp',
    operation: inverted ? 'neq' : 'eq',
    from: 0,
    value: hex(bytes.slice(0, length)),
  });
  const text = isWhole ? parsed.address : `${parsed.address}/${prefixLength}`;
  return { text: `${KEYWORD[family]} ${which} ${inverted ? '!= ' : ''}${text}`, expressions };
}

const INTERFACE_NAME_SIZE = 16;

/** The packet came in by the interface of this name, or of a name that begins so, or it did not. */
export function fromInterface(name: string, isPrefix: boolean, inverted = false): Statement {
  const bytes = [...Buffer.from(name)];
  const padding = isPrefix ? 0 : INTERFACE_NAME_SIZE - bytes.length;
  const value = hex([...bytes, ...new Array<number>(padding).fill(0)]);
  return {
    text: `iifname ${inverted ? '!= ' : ''}"${name}${isPrefix ? '*' : ''}"`,
    expressions: [
      { name: 'meta', key: 'iifname', to: 0 },
      { name: 'cmp', operation: inverted ? 'neq' : 'eq', from: 0, value },
    ],
  };
}

const RTN_LOCAL = 2;

/** The address is one of the node's own, or it is not. */
export function isLocalAddress(of: 'saddr' | 'daddr', inverted = false): Statement {
  return {
    text: `fib ${of} type ${inverted ? '!= ' : ''}local`,
    expressions: [
      { name: 'fib type', of, to: 0 },
      { name: 'cmp', operation: inverted ? 'neq' : 'eq', from: 0, value: word(RTN_LOCAL) },
    ],
  };
}

export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

export function isProtocol(protocol: Protocol): Statement {
  return {
    text: `meta l4proto ${protocol.toLowerCase()}`,
    expressions: [
      PROTOCOL.load(0),
      { name: 'cmp', operation: 'eq', from: 0, value: hex([PROTOCOL_NUMBERS[protocol]]) },
    ],
  };
}

const ECHO_REQUEST: Readonly<
  Record<IpFamily, { readonly text: string; readonly codes: readonly [Hex, Hex] }>
> = {
  IPv4: { text: 'icmp', codes: ['01', '08'] },
  IPv6: { text: 'icmpv6', codes: ['3a', '80'] },
};

/** A ping, as it is asked. */
export function isEchoRequest(family: IpFamily): Statement {
  const { text, codes } = ECHO_REQUEST[family];
  const [protocol, type] = codes;
  return {
    text: `${text} type echo-request`,
    expressions: [
      PROTOCOL.load(0),
      { name: 'cmp', operation: 'eq', from: 0, value: protocol },
      { name: 'payload', base: 'transport', offset: 0, length: 1, to: 0 },
      { name: 'cmp', operation: 'eq', from: 0, value: type },
    ],
  };
}

const CT_STATE_NEW = 8;
const CT_STATUS_DNAT = 32;

export const IS_NEW: Statement = {
  text: 'ct state new',
  expressions: [{ name: 'ct', key: 'state', direction: undefined, to: 0 }, ...hasBits(CT_STATE_NEW)],
};

/** The destination of the connection has been translated. */
export const IS_TRANSLATED: Statement = {
  text: 'ct status dnat',
  expressions: [{ name: 'ct', key: 'status', direction: undefined, to: 0 }, ...hasBits(CT_STATUS_DNAT)],
};

const MARK_LOAD: Expression = { name: 'meta', key: 'mark', to: 0 };
const MARK_STORE: Expression = { name: 'meta set', key: 'mark', from: 0 };

export function hasMark(mark: number): Statement {
  return { text: `meta mark & ${formatMark(mark)} != 0`, expressions: [MARK_LOAD, ...hasBits(mark)] };
}

export function setMark(mark: number): Statement {
  return {
    text: `meta mark set meta mark | ${formatMark(mark)}`,
    expressions: [
      MARK_LOAD,
      { name: 'bitwise', from: 0, to: 0, mask: word(~mark >>> 0), xor: word(mark) },
      MARK_STORE,
    ],
  };
}

/** Turns the bits of the mark over: takes them off a packet that has them. */
export function flipMark(mark: number): Statement {
  return {
    text: `meta mark set meta mark ^ ${formatMark(mark)}`,
    expressions: [
      MARK_LOAD,
      { name: 'bitwise', from: 0, to: 0, mask: word(0xffff_ffff), xor: word(mark) },
      MARK_STORE,
    ],
  };
}

export const MASQUERADE: Statement = {
  text: 'masquerade fully-random',
  expressions: [{ name: 'masquerade', fullyRandom: true }],
};

/** Answers that the port is unreachable. */
export const REFUSE: Statement = {
  text: 'reject',
  expressions: [{ name: 'reject', with: 'port-unreachable' }],
};

/** Resets a TCP connection; other packets go on to the next rule. */
export const RESET: Statement = { text: 'reject with tcp reset', expressions: [{ name: 'reset' }] };

/** Connection tracking leaves the packet alone, and with it all translation of addresses. */
export const NOTRACK: Statement = { text: 'notrack', expressions: [{ name: 'notrack' }] };

export const DROP: Statement = {
  text: 'drop',
  expressions: [{ name: 'immediate', verdict: { verdict: 'drop' } }],
};

export function goTo(chain: string): Statement {
  return {
    text: `goto ${chain}`,
    expressions: [{ name: 'immediate', verdict: { verdict: 'goto', chain } }],
  };
}

function hasBits(bits: number): readonly Expression[] {
  return [
    { name: 'bitwise', from: 0, to: 0, mask: word(bits), xor: word(0) },
    { name: 'cmp', operation: 'neq', from: 0, value: word(0) },
  ];
}

function formatMark(mark: number): string {
  return `0x${mark.toString(16).padStart(8, '0')}`;
}

/** A number of 32 bits as it stands in a register: in the machine's byte order. */
export function word(value: number): Hex {
  const bytes = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  return hex(IS_LITTLE_ENDIAN ? bytes.reverse() : bytes);
}

function hex(bytes: readonly number[]): Hex {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
