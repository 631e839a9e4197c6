/**
 * What an nf_tables table holds, as plain data (linux/netfilter/nf_tables.h; nft(8) for the terms). Keys and values are
 * the bytes that the kernel compares; fields.ts makes and reads them, and element-text.ts writes them as nft does.
 */
import type { IpFamily } from '../../address.ts';

export type TableFamily = 'ip' | 'ip6';

/** The tables that the packets of an IP family meet, and no others. */
export function tableFamily(family: IpFamily): TableFamily {
  return family === 'IPv4' ? 'ip' : 'ip6';
}

/** What a table is known by. */
export interface TableName {
  readonly family: TableFamily;
  readonly name: string;
}

/** A table without what is in it. */
export interface Table extends TableName {
  readonly comment: string;
}

/** Where the packets of a base chain come from. */
export interface Hook {
  readonly type: 'filter' | 'nat';
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';
  readonly priority: number;
  /** What this library has no word for (`policy drop`): a hook that holds it equals no hook of ours. */
  readonly unknown?: string;
}

/** A chain without a hook is only reached by jump or goto. The policy is always accept. */
export interface Chain {
  readonly name: string;
  readonly hook: Hook | undefined;
  /** Empty: none. */
  readonly comment: string;
  readonly rules: readonly Rule[];
}

/** A rule of a chain. */
export interface Rule {
  readonly expressions: readonly Expression[];
  /** Empty: none. */
  readonly comment: string;
  /** The rule as nft would be told; the kernel knows nothing of it, so a rule that was read has none. */
  readonly text?: string;
}

/**
 * Data types of the fields of keys and values. `slot` is the number that `numgen random` yields, in the machine's byte
 * order: nft has no name for it, so a set with such a field is declared with `typeof`. `classid` is a number of 32 bits in
 * that order too, as two of 16 in hexadecimal: `70:3`.
 */
export type Datatype = 'ipv4_addr' | 'ipv6_addr' | 'inet_proto' | 'inet_service' | 'slot' | 'classid';

/** A set, or a map if it has data. */
export interface SetDeclaration {
  readonly name: string;
  /** Without a field, of a set that was read: this library has no word for what it is, and none for its elements. */
  readonly key: readonly Datatype[];
  readonly data: readonly Datatype[] | 'verdict' | undefined;
  /** The last field of a key is a range. */
  readonly interval: boolean;
  /** Filled by rules; elements live for the time the rule gives them. */
  readonly dynamic: boolean;
  /** Most elements; 0: no limit. */
  readonly size: number;
  readonly comment: string;
}

/**
 * Bytes, each as one character (latin1): so they can be compared, are keys of maps, and take no more memory than a short
 * text. Fields stand one after the other as in registers: alone with their own size, else padded to four bytes each.
 */
export type Bytes = string;

/**
 * An element of a set or map. Where the last field of keys may be a range (`interval`), the first value of the range stands
 * in its place, and the last one behind all others. An empty key is the one for all that no other element is for.
 */
export interface Element {
  readonly key: Bytes;
  /** The bytes of a value; of a map of verdicts a verdict in words (`goto pick-3`, `drop`); undefined in a set. */
  readonly data: Bytes | undefined;
  /** Empty: none. */
  readonly comment: string;
}

/** Elements by their keys. A Map is one; so is what makes them up as they are asked for. */
export interface Elements extends Iterable<readonly [key: Bytes, element: Element]> {
  readonly size: number;
  get(key: Bytes): Element | undefined;
  keys(): Iterable<Bytes>;
  values(): Iterable<Element>;
}

/** Elements in a row, which may be made up as they are read. An array is one. */
export interface ElementList extends Iterable<Element> {
  readonly length: number;
}

/** All of one table that a program can put there. */
export interface TableContent {
  readonly table: Table;
  readonly chains: ReadonlyMap<string, Chain>;
  readonly sets: ReadonlyMap<string, SetDeclaration>;
  /** By set. Elements of dynamic sets are not part of it: rules make them. */
  readonly elements: ReadonlyMap<string, Elements>;
}

/** One of 16 words of 32 bits (NFT_REG32_00 …): longer values take the following ones too. */
export type Register = number;

/** Bytes in hexadecimal, in the order in which they stand in a register. */
export type Hex = string;

/** What becomes of a packet, or which chain is next. */
export type Verdict =
  | { readonly verdict: 'accept' | 'drop' | 'return' }
  | { readonly verdict: 'jump' | 'goto'; readonly chain: string };

/** What connection tracking knows of a packet (NFT_CT_*). */
export type CtKey = 'state' | 'status' | 'src' | 'dst' | 'proto-src' | 'proto-dst';

/** The instructions that rules are made of: as much of the kernel's as is needed here. */
export type Expression =
  | {
      readonly name: 'payload';
      readonly base: 'network' | 'transport';
      readonly offset: number;
      readonly length: number;
      readonly to: Register;
    }
  | {
      readonly name: 'meta';
      readonly key: 'l4proto' | 'mark' | 'priority' | 'iifname';
      readonly to: Register;
    }
  | { readonly name: 'meta set'; readonly key: 'mark' | 'priority'; readonly from: Register }
  | {
      readonly name: 'ct';
      readonly key: CtKey;
      /** Of addresses and ports. */
      readonly direction: 'original' | 'reply' | undefined;
      readonly to: Register;
    }
  | { readonly name: 'cmp'; readonly operation: 'eq' | 'neq'; readonly from: Register; readonly value: Hex }
  | {
      /** to = (from & mask) ^ xor */
      readonly name: 'bitwise';
      readonly from: Register;
      readonly to: Register;
      readonly mask: Hex;
      readonly xor: Hex;
    }
  | {
      readonly name: 'lookup';
      readonly set: string;
      readonly from: Register;
      /** Of maps: where the value goes; `verdict`: it is carried out. */
      readonly to: Register | 'verdict' | undefined;
      readonly inverted: boolean;
    }
  | { readonly name: 'immediate'; readonly verdict: Verdict }
  | { readonly name: 'immediate value'; readonly to: Register; readonly value: Hex }
  | {
      readonly name: 'numgen';
      readonly modulus: number;
      readonly offset: number;
      readonly to: Register;
    }
  | {
      readonly name: 'dnat';
      readonly family: TableFamily;
      readonly address: Register;
      readonly port: Register;
    }
  /** The port stays. */
  | { readonly name: 'dnat address'; readonly family: TableFamily; readonly address: Register }
  | { readonly name: 'masquerade'; readonly fullyRandom: boolean }
  | { readonly name: 'reject'; readonly with: 'port-unreachable' }
  /** Of TCP. */
  | { readonly name: 'reset' }
  /** No conntrack entry is made for the packet, nor is one looked for. */
  | { readonly name: 'notrack' }
  | { readonly name: 'fib type'; readonly of: 'saddr' | 'daddr'; readonly to: Register }
  | {
      /** Makes an element, or gives the one that is there a new lifetime and leaves its data alone. */
      readonly name: 'update';
      readonly set: string;
      readonly key: Register;
      readonly data: Register;
      readonly timeoutMs: number;
    }
  /** What this library has no word for: a rule that holds one equals no rule of ours. */
  | { readonly name: 'unknown'; readonly kernelName: string };

/** What a transaction is made of; the kernel carries out all of them, in this order, or none. */
export type Operation =
  | { readonly do: 'add table'; readonly table: Table }
  | { readonly do: 'delete table' }
  | { readonly do: 'add set'; readonly set: SetDeclaration }
  | { readonly do: 'delete set'; readonly set: string }
  /** Without its rules. Of a chain that is there, nothing is changed. */
  | { readonly do: 'add chain'; readonly chain: Chain }
  /** Takes its rules away. */
  | { readonly do: 'flush chain'; readonly chain: string }
  /** Must have no rule and no reference left when it is its turn. */
  | { readonly do: 'delete chain'; readonly chain: string }
  | { readonly do: 'add rule'; readonly chain: string; readonly rule: Rule }
  | { readonly do: 'add elements'; readonly set: SetDeclaration; readonly elements: ElementList }
  | { readonly do: 'delete elements'; readonly set: SetDeclaration; readonly elements: ElementList };

/** All operations of it are carried out, or none. */
export type Transaction = readonly Operation[];
