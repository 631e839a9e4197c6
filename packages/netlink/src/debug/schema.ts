/** What messages are made of, under the names of the kernel's headers. */
import type { Attributes } from '../attribute.ts';
import { AF_INET, AF_INET6 } from '../ffi.ts';
import { NFGENMSG_SIZE } from '../nfnetlink.ts';

/** How a value is written: numbers in the machine's byte order, unless `be` says the network's. */
export type ValueFormat =
  | 'text'
  | 'ip'
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'u16be'
  | 'u32be'
  | 's32be'
  | 'u64be'
  | 'hex';

/** The attributes there can be, by their types. */
export type Schema = ReadonlyMap<number, AttributeSchema>;

/** One attribute. */
interface AttributeSchema {
  /** `IFA_LOCAL` */
  readonly name: string;
  /** Nested attributes are given by a function: what is in them may depend on the attributes beside them. */
  readonly as: ValueFormat | ((beside: Attributes) => Schema);
}

/** One type of message. */
export interface MessageSchema {
  /** `RTM_NEWADDR` */
  readonly name: string;
  /** The family's own header, between that of netlink and the attributes. */
  readonly header: HeaderSchema;
  readonly attributes: Schema;
}

/** A family's own header. */
export interface HeaderSchema {
  /** Bytes. */
  readonly size: number;
  /** `family=2 index=7`; gets all bytes of the header. */
  format(header: Uint8Array): string;
}

/** The messages of a netlink protocol, or of a part of it, by their types. */
export type MessageSchemas = ReadonlyMap<number, MessageSchema>;

/** Of which schema a message is, in one socket's traffic; undefined for what this library has no words for. */
export type SchemaOf = (type: number, payload: Uint8Array) => MessageSchema | undefined;

/** Where nothing is known of the attributes. */
export const NO_ATTRIBUTES: Schema = new Map();

/**
 * @param prefix `IFA_`
 * @param types the constants of a group by their names without the prefix
 * @param formats of those whose values are more than bytes
 */
export function attributes<Name extends string>(
  prefix: string,
  types: Readonly<Record<Name, number>>,
  formats: Readonly<Partial<Record<Name, AttributeSchema['as']>>>,
): Schema {
  const names = Object.keys(types) as Name[];
  return new Map(names.map((name) => [types[name], { name: prefix + name, as: formats[name] ?? 'hex' }]));
}

/** Messages that all have the same header. */
export function messages<Name extends string>(
  prefix: string,
  types: Readonly<Record<Name, number>>,
  header: HeaderSchema,
  contents: (name: Name) => Schema,
): MessageSchemas {
  const names = Object.keys(types) as Name[];
  return new Map(
    names.map((name) => [types[name], { name: prefix + name, header, attributes: contents(name) }]),
  );
}

/** struct nfgenmsg (linux/netfilter/nfnetlink.h), before the attributes of all of netfilter's messages. */
export const NFGENMSG: HeaderSchema = {
  size: NFGENMSG_SIZE,
  format: ([family, version, high = 0, low = 0]) =>
    `family=${formatFamily(family)} version=${version} resource=${(high << 8) | low}`,
};

/** An address family (AF_*). */
export function formatFamily(family = 0): string {
  if (family === AF_INET) return 'IPv4';
  return family === AF_INET6 ? 'IPv6' : String(family);
}
