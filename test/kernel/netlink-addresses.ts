/** IPv4 addresses over netlink (linux/if_addr.h): something simple to ask a real kernel for. */

import {
  type DumpReader,
  forEachAttribute,
  type MessageWriter,
  type NetlinkMessage,
  type NetlinkRequest,
  NLM_F_CREATE,
  NLM_F_EXCL,
} from '@menwei/netlink';
import { AF_INET } from '@menwei/netlink/native';

export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
/** Multicast group of changes of IPv4 addresses. */
export const RTNLGRP_IPV4_IFADDR = 5;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const LOOPBACK = 1;
const IFADDRMSG_SIZE = 8;

/** Address number `index` of 65,536. */
export function anAddress(index: number): string {
  return `10.180.${index >> 8}.${index & 0xff}`;
}

export function writeAddress(writer: MessageWriter, address: string): void {
  const bytes = new Uint8Array(address.split('.').map(Number));
  // struct ifaddrmsg: family, prefix length, flags, scope, and the interface, which is below 256.
  writer.raw(new Uint8Array([AF_INET, 32, 0, 0, LOOPBACK, 0, 0, 0]));
  writer.value(IFA_LOCAL, bytes);
  writer.value(IFA_ADDRESS, bytes);
}

export const ADDRESSES: NetlinkRequest = {
  operation: 'list',
  object: 'addresses',
  type: RTM_GETADDR,
  write: (writer) => writer.raw(new Uint8Array([AF_INET, 0, 0, 0, 0, 0, 0, 0])),
};

export function addAddress(address: string): NetlinkRequest {
  const write = (writer: MessageWriter): void => writeAddress(writer, address);
  const flags = NLM_F_CREATE | NLM_F_EXCL;
  return { operation: 'add', object: `address ${address}`, type: RTM_NEWADDR, flags, write };
}

export function deleteAddress(address: string): NetlinkRequest {
  const write = (writer: MessageWriter): void => writeAddress(writer, address);
  return { operation: 'delete', object: `address ${address}`, type: RTM_DELADDR, write };
}

export function decodeAddress({ payload }: NetlinkMessage): string {
  let address = '';
  forEachAttribute(payload, IFADDRMSG_SIZE, payload.length, (type, from, to) => {
    if (type === IFA_ADDRESS) address = payload.subarray(from, to).join('.');
  });
  return address;
}

export function addressReader(): DumpReader<readonly string[]> {
  const all: string[] = [];
  return { read: (message) => void all.push(decodeAddress(message)), result: () => all };
}
