/**
 * Messages of the kernel's connection tracking as bytes (linux/netfilter/nfnetlink_conntrack.h): which entries to list,
 * the entries listed, which one to delete. Numbers are in network byte order unless said otherwise.
 */
import { addressBytes, decodeIp, formatHostPort, type IpFamily } from '../../address.ts';
import { ATTRIBUTE_HEADER_SIZE } from '../../attribute.ts';
import { forEachAttribute } from '../../attribute-reader.ts';
import { AF_INET, AF_INET6 } from '../../ffi.ts';
import { malformed } from '../../message.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { NFGENMSG_SIZE } from '../../nfnetlink.ts';
import { PROTOCOL_NUMBERS, protocolOfNumber, type TransportProtocol } from '../../protocol.ts';
import {
  CTA,
  CTA_FILTER,
  CTA_IP,
  CTA_PROTO,
  CTA_PROTOINFO,
  CTA_PROTOINFO_TCP,
  CTA_TUPLE,
  SEEN_REPLY,
  TCP_SYN_SENT,
} from './constants.ts';
import type { ConntrackAddress, ConntrackEntry, SourcedConntrackEntry } from './contract.ts';
import type { KernelFilter } from './filter.ts';

/** Which fields of a tuple a filter compares: CTA_FILTER_F_* of net/netfilter/nf_internals.h, since Linux 5.8. */
const COMPARE_IP_SRC = 1 << 0;
const COMPARE_IP_DST = 1 << 1;
const COMPARE_PROTO_NUM = 1 << 3;
const COMPARE_PROTO_SRC_PORT = 1 << 4;
const COMPARE_PROTO_DST_PORT = 1 << 5;

/** Some of what makes up one direction of an entry. */
interface PartialTuple {
  readonly source?: Partial<ConntrackAddress>;
  readonly destination?: Partial<ConntrackAddress>;
}

/** The payload of a request that lists entries; without a filter all of the family. */
export function encodeListing(writer: MessageWriter, family: IpFamily, filter?: KernelFilter): void {
  encodeFamily(writer, family);
  if (filter === undefined) return;
  const { protocol, destination = {}, replySource, isUnreplied } = filter;
  encodeTuple(writer, CTA.TUPLE_ORIG, family, protocol, { destination });
  if (replySource !== undefined)
    encodeTuple(writer, CTA.TUPLE_REPLY, family, protocol, { source: replySource });
  const nested = writer.beginNested(CTA.FILTER);
  writer.u32(CTA_FILTER.ORIG_FLAGS, comparedFields({ destination }));
  if (replySource !== undefined) writer.u32(CTA_FILTER.REPLY_FLAGS, comparedFields({ source: replySource }));
  writer.endNested(nested);
  if (isUnreplied !== true) return;
  writer.u32be(CTA.STATUS, 0);
  writer.u32be(CTA.STATUS_MASK, SEEN_REPLY);
}

/** struct nfgenmsg. */
export function encodeFamily(writer: MessageWriter, family: IpFamily): void {
  writer.raw(new Uint8Array([family === 'IPv4' ? AF_INET : AF_INET6, 0, 0, 0]));
}

/** @param type CTA.TUPLE_* */
export function encodeTuple(
  writer: MessageWriter,
  type: number,
  family: IpFamily,
  protocol: TransportProtocol,
  { source = {}, destination = {} }: PartialTuple,
): void {
  const [sourceType, destinationType] =
    family === 'IPv4' ? [CTA_IP.V4_SRC, CTA_IP.V4_DST] : [CTA_IP.V6_SRC, CTA_IP.V6_DST];
  const tuple = writer.beginNested(type);
  const ips = writer.beginNested(CTA_TUPLE.IP);
  if (source.ip !== undefined) writer.value(sourceType, addressBytes(source.ip));
  if (destination.ip !== undefined) writer.value(destinationType, addressBytes(destination.ip));
  writer.endNested(ips);
  const ports = writer.beginNested(CTA_TUPLE.PROTO);
  writer.u8(CTA_PROTO.NUM, PROTOCOL_NUMBERS[protocol]);
  if (source.port !== undefined) writer.u16be(CTA_PROTO.SRC_PORT, source.port);
  if (destination.port !== undefined) writer.u16be(CTA_PROTO.DST_PORT, destination.port);
  writer.endNested(ports);
  writer.endNested(tuple);
}

/** The protocol, and whatever else is there. */
function comparedFields({ source = {}, destination = {} }: PartialTuple): number {
  return (
    COMPARE_PROTO_NUM |
    (source.ip === undefined ? 0 : COMPARE_IP_SRC) |
    (source.port === undefined ? 0 : COMPARE_PROTO_SRC_PORT) |
    (destination.ip === undefined ? 0 : COMPARE_IP_DST) |
    (destination.port === undefined ? 0 : COMPARE_PROTO_DST_PORT)
  );
}

/** Which entry a request made with {@link EntryReader.writeIdentity} is about: `UDP 10.0.0.1:5353 to 10.96.0.10:53`. */
export function formatDeletion(payload: Uint8Array): string {
  const tuple = new TupleReader();
  forEachAttribute(payload, NFGENMSG_SIZE, payload.length, (type, from, to) => {
    if (type === CTA.TUPLE_ORIG) tuple.read(payload, from, to);
  });
  const [source, destination] = [tuple.source.decode(payload), tuple.destination.decode(payload)];
  const from = formatHostPort(source.ip, source.port);
  return `${protocolOfNumber(tuple.protocol)} ${from} to ${formatHostPort(destination.ip, destination.port)}`;
}

/**
 * Reads listed entries, one after another, where they lie. All that is said is about the payload given to {@link read} last,
 * and only as long as that is not overwritten.
 */
export class EntryReader {
  #payload: Uint8Array = new Uint8Array();
  readonly #original = new TupleReader();
  readonly #reply = new TupleReader();
  readonly #identity: [from: number, to: number][] = [];
  #hasReply = true;
  #tcpState: number | undefined;

  /** False: it is no entry of a protocol we know. Throws KernelError when malformed. */
  read(payload: Uint8Array): boolean {
    this.#payload = payload;
    this.#original.clear();
    this.#reply.clear();
    this.#identity.length = 0;
    this.#hasReply = true;
    this.#tcpState = undefined;
    forEachAttribute(payload, NFGENMSG_SIZE, payload.length, this.#take);
    return (
      protocolOfNumber(this.#original.protocol) !== undefined && this.#original.isWhole && this.#reply.isWhole
    );
  }

  /** The same text for entries of which {@link decode} says the same. */
  get key(): string {
    const { protocol, destination } = this.#original;
    return (
      String.fromCharCode(protocol, Number(this.isUnreplied)) +
      destination.key(this.#payload) +
      this.#reply.source.key(this.#payload)
    );
  }

  /** See ConntrackEntry. */
  get isUnreplied(): boolean {
    // A connection that was picked up in the middle is established, whether or not an answer was seen since.
    const isOpening = this.#original.protocol !== PROTOCOL_NUMBERS.TCP || this.#tcpState === TCP_SYN_SENT;
    return !this.#hasReply && isOpening;
  }

  decode(): ConntrackEntry {
    const protocol = protocolOfNumber(this.#original.protocol);
    if (protocol === undefined) throw new Error('BUG: an entry that was not read');
    return {
      protocol,
      destination: this.#original.destination.decode(this.#payload),
      replySource: this.#reply.source.decode(this.#payload),
      ...(this.isUnreplied && { isUnreplied: true }),
    };
  }

  decodeWithSource(): SourcedConntrackEntry {
    return { ...this.decode(), source: this.#original.source.decode(this.#payload) };
  }

  /** The attributes by which the kernel knows this entry from any other, a later one of the same addresses too. */
  writeIdentity(writer: MessageWriter): void {
    for (const [from, to] of this.#identity) writer.raw(this.#payload.subarray(from, to));
  }

  readonly #take = (type: number, from: number, to: number): void => {
    if (type === CTA.TUPLE_ORIG) this.#original.read(this.#payload, from, to);
    if (type === CTA.TUPLE_REPLY) this.#reply.read(this.#payload, from, to);
    if (type === CTA.TUPLE_ORIG || type === CTA.ID || type === CTA.ZONE)
      this.#identity.push([from - ATTRIBUTE_HEADER_SIZE, to]);
    if (type === CTA.STATUS) this.#hasReply = ((this.#payload[to - 1] ?? 0) & SEEN_REPLY) !== 0;
    if (type === CTA.PROTOINFO) forEachAttribute(this.#payload, from, to, this.#takeProtocol);
  };

  readonly #takeProtocol = (type: number, from: number, to: number): void => {
    if (type === CTA_PROTOINFO.TCP) forEachAttribute(this.#payload, from, to, this.#takeTcp);
  };

  readonly #takeTcp = (type: number, from: number): void => {
    if (type === CTA_PROTOINFO_TCP.STATE) this.#tcpState = this.#payload[from];
  };
}

/** Where the parts of one direction of an entry lie. */
class TupleReader {
  protocol = 0;
  readonly source = new EndReader();
  readonly destination = new EndReader();
  #bytes: Uint8Array = new Uint8Array();

  get isWhole(): boolean {
    return this.source.isWhole && this.destination.isWhole;
  }

  clear(): void {
    this.protocol = 0;
    this.source.clear();
    this.destination.clear();
  }

  read(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes = bytes;
    forEachAttribute(bytes, from, to, this.#take);
  }

  readonly #take = (type: number, from: number, to: number): void => {
    if (type === CTA_TUPLE.IP) forEachAttribute(this.#bytes, from, to, this.#takeIp);
    if (type === CTA_TUPLE.PROTO) forEachAttribute(this.#bytes, from, to, this.#takePort);
  };

  readonly #takeIp = (type: number, from: number, to: number): void => {
    if (type === CTA_IP.V4_SRC || type === CTA_IP.V6_SRC) this.source.placeIp(from, to);
    if (type === CTA_IP.V4_DST || type === CTA_IP.V6_DST) this.destination.placeIp(from, to);
  };

  readonly #takePort = (type: number, from: number, to: number): void => {
    if (type === CTA_PROTO.NUM) this.protocol = this.#bytes[from] ?? 0;
    if (type === CTA_PROTO.SRC_PORT) this.source.placePort(from, to);
    if (type === CTA_PROTO.DST_PORT) this.destination.placePort(from, to);
  };
}

/** Where an address and a port lie. */
class EndReader {
  #ip = 0;
  #ipEnd = 0;
  #port = 0;

  get isWhole(): boolean {
    return this.#ipEnd > 0 && this.#port > 0;
  }

  clear(): void {
    this.#ip = this.#ipEnd = this.#port = 0;
  }

  placeIp(from: number, to: number): void {
    if (to - from !== 4 && to - from !== 16) throw malformed('address', from, to - from);
    this.#ip = from;
    this.#ipEnd = to;
  }

  placePort(from: number, to: number): void {
    if (to - from !== 2) throw malformed('port', from, to - from);
    this.#port = from;
  }

  key(bytes: Uint8Array): string {
    let key = String.fromCharCode(readU16(bytes, this.#port));
    for (let at = this.#ip; at < this.#ipEnd; at += 2) key += String.fromCharCode(readU16(bytes, at));
    return key;
  }

  decode(bytes: Uint8Array): ConntrackAddress {
    const family = this.#ipEnd - this.#ip === 4 ? 'IPv4' : 'IPv6';
    return { ip: decodeIp(family, bytes, this.#ip), port: readU16(bytes, this.#port) };
  }
}

function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
