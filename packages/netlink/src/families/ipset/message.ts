/** Requests about sets as bytes, and what the kernel says of a set. */
import type { IpFamily } from '../../address.ts';
import { type Attributes, decodeAttributes, decodeText, NLA_F_NET_BYTEORDER } from '../../attribute.ts';
import { AF_INET, AF_INET6 } from '../../ffi.ts';
import { malformed } from '../../message.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { NO_FAMILY } from '../../nfnetlink.ts';
import { IPSET_ATTR, IPSET_FLAG_LIST_HEADER, IPSET_PROTOCOL, IPSET_SET_ATTR } from './constants.ts';
import type { SetShape } from './contract.ts';
import { ENTRY_PARTS } from './entry.ts';

const MAX_PORT = 0xffff;

/** The beginning of every request. */
export function encodeHeader(writer: MessageWriter, name?: string): void {
  writer.raw(NO_FAMILY);
  writer.u8(IPSET_ATTR.PROTOCOL, IPSET_PROTOCOL);
  if (name !== undefined) writer.text(IPSET_ATTR.SETNAME, name);
}

/** @param revision of the type */
export function encodeCreation(writer: MessageWriter, shape: SetShape, revision: number): void {
  encodeHeader(writer, shape.name);
  encodeType(writer, shape);
  writer.u8(IPSET_ATTR.REVISION, revision);
  const data = writer.beginNested(IPSET_ATTR.DATA);
  if (shape.type === 'bitmap:port') {
    writer.u16be(IPSET_SET_ATTR.PORT | NLA_F_NET_BYTEORDER, 0);
    writer.u16be(IPSET_SET_ATTR.PORT_TO | NLA_F_NET_BYTEORDER, MAX_PORT);
  } else {
    writer.u32be(IPSET_SET_ATTR.MAXELEM | NLA_F_NET_BYTEORDER, shape.maxEntries);
  }
  writer.endNested(data);
}

/** Of which type, and of which family. */
export function encodeType(writer: MessageWriter, { type, family }: Pick<SetShape, 'type' | 'family'>): void {
  writer.text(IPSET_ATTR.TYPENAME, type);
  writer.u8(IPSET_ATTR.FAMILY, family === 'IPv4' ? AF_INET : AF_INET6);
}

/** A list of all sets without their entries. */
export function encodeSizesRequest(writer: MessageWriter): void {
  encodeHeader(writer);
  writer.u32be(IPSET_ATTR.FLAGS | NLA_F_NET_BYTEORDER, IPSET_FLAG_LIST_HEADER);
}

/** What makes two sets able to take the same entries. */
interface ObservedType {
  /** The kernel's name for it, maybe of none that we know. */
  readonly type: string;
  /** Undefined where entries have no addresses. */
  readonly family: IpFamily | undefined;
}

export function decodeType(body: Attributes): ObservedType {
  const family = body.get(IPSET_ATTR.FAMILY)?.[0];
  const type = textOf(body, IPSET_ATTR.TYPENAME);
  if (family === AF_INET6) return { type, family: 'IPv6' };
  return { type, family: family === AF_INET ? 'IPv4' : undefined };
}

/** `hash:ip,port (IPv4)`, for errors. */
export function formatType({ type, family }: ObservedType): string {
  return family === undefined ? type : `${type} (${family})`;
}

/** The type as the kernel would tell it of a set of this shape. */
export function typeOf({ type, family }: SetShape): ObservedType {
  return { type, family: type === 'bitmap:port' ? undefined : family };
}

/** The shape that a list begins with. Undefined: it is none of the types in use. Throws KernelError when malformed. */
export function decodeShape(body: Attributes): SetShape | undefined {
  const { type, family } = decodeType(body);
  if (!isSetType(type)) return undefined;
  const name = textOf(body, IPSET_ATTR.SETNAME);
  if (type === 'bitmap:port') return { name, type, family: 'IPv4', maxEntries: MAX_PORT + 1 };
  if (family === undefined) throw malformed('family', 0, 0);
  const maxEntries = u32be(decodeAttributes(attribute(body, IPSET_ATTR.DATA)), IPSET_SET_ATTR.MAXELEM);
  return { name, type, family, maxEntries };
}

function isSetType(type: string): type is SetShape['type'] {
  return Object.hasOwn(ENTRY_PARTS, type);
}

export function textOf(body: Attributes, type: number): string {
  return decodeText(attribute(body, type));
}

export function attribute(body: Attributes, type: number): Uint8Array {
  const value = body.get(type);
  if (value === undefined) throw malformed(`attribute ${type}`, 0, 0);
  return value;
}

export function u32be(body: Attributes, type: number): number {
  const value = attribute(body, type);
  if (value.length !== 4) throw malformed(`attribute ${type}`, 0, value.length);
  return new DataView(value.buffer, value.byteOffset).getUint32(0);
}
