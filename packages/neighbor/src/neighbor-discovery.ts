/** Neighbour solicitations and advertisements as bytes (RFC 4861 § 4.3, § 4.4, § 7.1). */
import { addressBytes, ipFromBytes } from '@menwei/addresses/ip.ts';
import { decodeMac, ETHERTYPE, type EthernetHeader, encodeMac, startFrame, viewOf } from './ethernet.ts';
import type { MacAddress, NeighborAdvertisement, NeighborSolicitation } from './message.ts';
import { isMulticast, isSolicitedNodeGroup } from './multicast.ts';

const IP_HEADER_SIZE = 40;
export const ICMPV6 = 58;
/** What a router has passed on has less. */
const HOP_LIMIT = 255;
/** Types of messages. */
export const SOLICITATION = 135;
export const ADVERTISEMENT = 136;
const FIXED_SIZE = 24;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;
const SOURCE_OPTION = 1;
const TARGET_OPTION = 2;
/** Lengths of options count in these. */
const OPTION_UNIT = 8;

type Message = NeighborSolicitation | NeighborAdvertisement;

export function encodeNeighborDiscovery(message: Message): Uint8Array {
  const size = FIXED_SIZE + (message.linkLayerAddress === undefined ? 0 : OPTION_UNIT);
  const { frame, start } = startFrame({ ...message, type: ETHERTYPE.IPV6 }, IP_HEADER_SIZE + size);
  const packet = frame.subarray(start);
  const view = viewOf(packet);
  packet[0] = 0x60;
  view.setUint16(4, size);
  packet[6] = ICMPV6;
  packet[7] = HOP_LIMIT;
  packet.set(addressBytes(message.sourceIp), 8);
  packet.set(addressBytes(message.destinationIp), 24);
  writeIcmp(message, packet.subarray(IP_HEADER_SIZE));
  view.setUint16(IP_HEADER_SIZE + 2, checksumOf(packet));
  return frame;
}

function writeIcmp(message: Message, icmp: Uint8Array): void {
  const isSolicitation = message.kind === 'solicitation';
  icmp[0] = isSolicitation ? SOLICITATION : ADVERTISEMENT;
  if (!isSolicitation) icmp[4] = (message.isSolicited ? SOLICITED : 0) | (message.isOverride ? OVERRIDE : 0);
  icmp.set(addressBytes(message.targetIp), 8);
  if (message.linkLayerAddress === undefined) return;
  icmp[FIXED_SIZE] = isSolicitation ? SOURCE_OPTION : TARGET_OPTION;
  icmp[FIXED_SIZE + 1] = 1;
  encodeMac(message.linkLayerAddress, icmp, FIXED_SIZE + 2);
}

/** Undefined: it is something else, is cut off, or is to be discarded by RFC 4861 § 7.1. */
export function decodeNeighborDiscovery(
  { type: _, ...ethernet }: EthernetHeader,
  padded: Uint8Array,
): Message | undefined {
  const packet = withoutPadding(padded);
  if (packet === undefined) return undefined;
  const icmp = packet.subarray(IP_HEADER_SIZE);
  const options = readOptions(icmp.subarray(FIXED_SIZE));
  if (options === undefined) return undefined;
  const beside = {
    ...ethernet,
    sourceIp: ipFromBytes(packet.subarray(8, 24)),
    destinationIp: ipFromBytes(packet.subarray(24, 40)),
    targetIp: ipFromBytes(icmp.subarray(8, 24)),
  };
  if (isMulticast(beside.targetIp)) return undefined;
  const linkLayerAddress = options.get(icmp[0] === SOLICITATION ? SOURCE_OPTION : TARGET_OPTION);
  if (icmp[0] === SOLICITATION)
    return validSolicitation({ ...beside, kind: 'solicitation', linkLayerAddress });
  const [, , , , flags = 0] = icmp;
  const isSolicited = (flags & SOLICITED) !== 0;
  if (isSolicited && isMulticast(beside.destinationIp)) return undefined;
  const isOverride = (flags & OVERRIDE) !== 0;
  return { ...beside, kind: 'advertisement', isSolicited, isOverride, linkLayerAddress };
}

/** Who has no address yet can't have anything to be answered at. */
function validSolicitation(message: NeighborSolicitation): NeighborSolicitation | undefined {
  if (message.sourceIp !== '::') return message;
  const isRight = isSolicitedNodeGroup(message.destinationIp) && message.linkLayerAddress === undefined;
  return isRight ? message : undefined;
}

/** The IPv6 packet if it is a solicitation or an advertisement that nobody has forwarded or damaged. */
function withoutPadding(padded: Uint8Array): Uint8Array | undefined {
  if (padded.length < IP_HEADER_SIZE + FIXED_SIZE) return undefined;
  const [first = 0, , , , , , next, hopLimit] = padded;
  if (first >> 4 !== 6 || next !== ICMPV6 || hopLimit !== HOP_LIMIT) return undefined;
  const size = viewOf(padded).getUint16(4);
  if (size < FIXED_SIZE || IP_HEADER_SIZE + size > padded.length) return undefined;
  const packet = padded.subarray(0, IP_HEADER_SIZE + size);
  const [type, code] = packet.subarray(IP_HEADER_SIZE);
  if ((type !== SOLICITATION && type !== ADVERTISEMENT) || code !== 0) return undefined;
  return checksumOf(packet) === 0 ? packet : undefined;
}

/** The Ethernet addresses by the types of their options; undefined: malformed. Others are passed over. */
function readOptions(bytes: Uint8Array): ReadonlyMap<number, MacAddress> | undefined {
  const found = new Map<number, MacAddress>();
  let at = 0;
  while (at < bytes.length) {
    const type = bytes[at] ?? 0;
    const size = (bytes[at + 1] ?? 0) * OPTION_UNIT;
    if (size === 0 || at + size > bytes.length) return undefined;
    if (size === OPTION_UNIT && !found.has(type)) found.set(type, decodeMac(bytes, at + 2));
    at += size;
  }
  return found;
}

/** Of ICMPv6 (RFC 4443 § 2.3); over a packet that has its checksum already: 0, if it is right. */
function checksumOf(packet: Uint8Array): number {
  let sum = packet.length - IP_HEADER_SIZE + ICMPV6;
  // The addresses stand right before the message, and both count.
  for (let at = 8; at < packet.length; at += 2) sum += ((packet[at] ?? 0) << 8) | (packet[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
