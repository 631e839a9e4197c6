/** The groups that neighbour discovery sends to, and their Ethernet addresses (RFC 4291 § 2.7.1, RFC 2464 § 7). */
import { addressBytes, ipFromBytes } from '@menwei/addresses/ip.ts';
import { decodeMac } from './ethernet.ts';
import type { MacAddress } from './message.ts';

export const ALL_NODES = 'ff02::1';
const SOLICITED_NODE = [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff];

/** Whom a solicitation for this IPv6 address is sent to: `ff02::1:ff00:100`. Addresses may share one. */
export function solicitedNodeGroup(ip: string): string {
  return ipFromBytes(new Uint8Array([...SOLICITED_NODE, ...addressBytes(ip).slice(13)]));
}

/** Whether it is a group that {@link solicitedNodeGroup} may give. */
export function isSolicitedNodeGroup(ip: string): boolean {
  const bytes = addressBytes(ip);
  return SOLICITED_NODE.every((byte, index) => bytes[index] === byte);
}

export function isMulticast(ip: string): boolean {
  return addressBytes(ip)[0] === 0xff;
}

/** The Ethernet address that frames to a group of IPv6 have: `33:33:ff:00:01:00`. */
export function multicastMac(group: string): MacAddress {
  return decodeMac(new Uint8Array([0x33, 0x33, ...addressBytes(group).slice(12)]), 0);
}
