/** Entries of sets from text to bytes; entry-reader.ts is the other way. */
import type { IpFamily } from '../../address.ts';
import { encodeIpv4, encodeIpv6, parseDecimal } from '../../address-bytes.ts';
import { NLA_F_NET_BYTEORDER } from '../../attribute.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { IPSET_ATTR, IPSET_ATTR_IPADDR, IPSET_ENTRY_ATTR, IPSET_FLAG_NOMATCH } from './constants.ts';
import type { SetEntry, SetShape, SetType } from './contract.ts';

/** What ipset writes behind a network that is an exception from a wider one in the set. */
export const NOMATCH = ' nomatch';
/** The longest there are: two IPv6 addresses, a port with its protocol, the length of a network, flags. */
export const MAX_ENTRY_SIZE = 84;
const MAX_PORT = 0xffff;
const MAX_PROTOCOL = 0xff;

/** Protocols by the names ipset prints; of others it has the number. */
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['sctp', 132],
  ['udplite', 136],
]);
export const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map(
  Array.from(PROTOCOLS, ([name, number]) => [number, name]),
);

/** What an entry is made of, between its commas. */
export type EntryPart = 'ip' | 'protocol:port' | 'second ip' | 'second net' | 'port';

export const ENTRY_PARTS: Readonly<Record<SetType, readonly EntryPart[]>> = {
  'hash:ip': ['ip'],
  'hash:ip,port': ['ip', 'protocol:port'],
  'hash:ip,port,ip': ['ip', 'protocol:port', 'second ip'],
  'hash:ip,port,net': ['ip', 'protocol:port', 'second net'],
  'bitmap:port': ['port'],
};

/** Writes the part of the text between `from` and `to`; false: it is none. */
type PartEncoder = (
  writer: MessageWriter,
  family: IpFamily,
  text: string,
  from: number,
  to: number,
) => boolean;

const ENCODERS: Readonly<Record<EntryPart, PartEncoder>> = {
  ip: (writer, family, text, from, to) => encodeIp(writer, IPSET_ENTRY_ATTR.IP, family, text, from, to),
  'second ip': (writer, family, text, from, to) =>
    encodeIp(writer, IPSET_ENTRY_ATTR.IP2, family, text, from, to),
  'second net': encodeNetwork,
  'protocol:port': encodeProtocolPort,
  port: (writer, _, text, from, to) => encodePort(writer, text, from, to),
};

/** One entry as an attribute. Throws an Error (a broken invariant) if the text is no entry of such a set. */
export function encodeEntry(
  writer: MessageWriter,
  { type, family }: Pick<SetShape, 'type' | 'family'>,
  text: SetEntry,
): void {
  const data = writer.beginNested(IPSET_ATTR.DATA);
  const parts = ENTRY_PARTS[type];
  let from = 0;
  for (const [index, part] of parts.entries()) {
    const to = index === parts.length - 1 ? text.length : text.indexOf(',', from);
    if (to < 0 || !ENCODERS[part](writer, family, text, from, to)) {
      throw new Error(`BUG: ${text} is no entry of a set of type ${type} (${family})`);
    }
    from = to + 1;
  }
  writer.endNested(data);
}

function encodeIp(
  writer: MessageWriter,
  type: number,
  family: IpFamily,
  text: string,
  from: number,
  to: number,
): boolean {
  const isIpv4 = family === 'IPv4';
  const nested = writer.beginNested(type);
  const kind = isIpv4 ? IPSET_ATTR_IPADDR.IPV4 : IPSET_ATTR_IPADDR.IPV6;
  const at = writer.space(kind | NLA_F_NET_BYTEORDER, isIpv4 ? 4 : 16);
  writer.endNested(nested);
  const encode = isIpv4 ? encodeIpv4 : encodeIpv6;
  return encode(text, from, to, writer.buffer, at);
}

/** A network with or without its length, which is then all there is. */
function encodeNetwork(
  writer: MessageWriter,
  family: IpFamily,
  text: string,
  from: number,
  to: number,
): boolean {
  const isException = text.endsWith(NOMATCH);
  const end = isException ? to - NOMATCH.length : to;
  const slash = text.indexOf('/', from);
  const longest = family === 'IPv4' ? 32 : 128;
  const length = slash < 0 ? longest : parseDecimal(text, slash + 1, end, longest);
  if (length < 0 || !encodeIp(writer, IPSET_ENTRY_ATTR.IP2, family, text, from, slash < 0 ? end : slash)) {
    return false;
  }
  writer.u8(IPSET_ENTRY_ATTR.CIDR2, length);
  if (isException) writer.u32be(IPSET_ENTRY_ATTR.FLAGS | NLA_F_NET_BYTEORDER, IPSET_FLAG_NOMATCH);
  return true;
}

function encodeProtocolPort(
  writer: MessageWriter,
  _family: IpFamily,
  text: string,
  from: number,
  to: number,
): boolean {
  const colon = text.indexOf(':', from);
  if (colon < 0 || colon > to) return false;
  const protocol = PROTOCOLS.get(text.slice(from, colon)) ?? parseDecimal(text, from, colon, MAX_PROTOCOL);
  if (protocol <= 0) return false;
  writer.u8(IPSET_ENTRY_ATTR.PROTO, protocol);
  return encodePort(writer, text, colon + 1, to);
}

function encodePort(writer: MessageWriter, text: string, from: number, to: number): boolean {
  const port = parseDecimal(text, from, to, MAX_PORT);
  if (port < 0) return false;
  writer.u16be(IPSET_ENTRY_ATTR.PORT | NLA_F_NET_BYTEORDER, port);
  return true;
}
