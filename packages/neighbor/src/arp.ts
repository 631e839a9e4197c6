/** ARP for IPv4 over Ethernet as bytes (RFC 826). */
import { addressBytes, ipFromBytes } from '@menwei/addresses/ip.ts';
import { decodeMac, ETHERTYPE, type EthernetHeader, encodeMac, startFrame, viewOf } from './ethernet.ts';
import type { ArpMessage } from './message.ts';

const SIZE = 28;
/** Hardware type Ethernet, protocol type IPv4, the sizes of their addresses. */
const KIND = 0x0001_0800;
const SIZES = 0x0604;
const REQUEST = 1;
const REPLY = 2;

const SENDER_MAC = 8;
const SENDER_IP = 14;
const TARGET_MAC = 18;
const TARGET_IP = 24;

export function encodeArp(message: ArpMessage): Uint8Array {
  const { frame, start } = startFrame({ ...message, type: ETHERTYPE.ARP }, SIZE);
  const packet = frame.subarray(start);
  const view = viewOf(packet);
  view.setUint32(0, KIND);
  view.setUint16(4, SIZES);
  view.setUint16(6, message.kind === 'arp-request' ? REQUEST : REPLY);
  encodeMac(message.senderMac, packet, SENDER_MAC);
  packet.set(addressBytes(message.senderIp), SENDER_IP);
  encodeMac(message.targetMac, packet, TARGET_MAC);
  packet.set(addressBytes(message.targetIp), TARGET_IP);
  return frame;
}

/** Undefined: it is of another network, asks for something else, or is cut off. What stands behind it is padding. */
export function decodeArp(
  { type: _, ...ethernet }: EthernetHeader,
  packet: Uint8Array,
): ArpMessage | undefined {
  if (packet.length < SIZE) return undefined;
  const view = viewOf(packet);
  if (view.getUint32(0) !== KIND || view.getUint16(4) !== SIZES) return undefined;
  const operation = view.getUint16(6);
  if (operation !== REQUEST && operation !== REPLY) return undefined;
  return {
    ...ethernet,
    kind: operation === REQUEST ? 'arp-request' : 'arp-reply',
    senderMac: decodeMac(packet, SENDER_MAC),
    senderIp: ipFromBytes(packet.subarray(SENDER_IP, SENDER_IP + 4)),
    targetMac: decodeMac(packet, TARGET_MAC),
    targetIp: ipFromBytes(packet.subarray(TARGET_IP, TARGET_IP + 4)),
  };
}
