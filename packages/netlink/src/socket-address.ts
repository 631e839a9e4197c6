/** `struct sockaddr_in` and `sockaddr_in6` as bytes. */
import { endianness } from 'node:os';
import { addressBytes, decodeIp, familyOf } from './address.ts';
import { AF_INET, AF_INET6 } from './ffi.ts';

/** An address and a port. */
export interface SocketAddress {
  /** Canonical text. */
  readonly ip: string;
  readonly port: number;
}

const SIZE_IPV4 = 16;
const SIZE_IPV6 = 28;

/** The address family as `socket` wants it. */
export function domainOf(ip: string): number {
  return familyOf(ip) === 'IPv4' ? AF_INET : AF_INET6;
}

/** For `bind` and `connect`. */
export function encodeSocketAddress({ ip, port }: SocketAddress): Uint8Array {
  const isIpv4 = familyOf(ip) === 'IPv4';
  const bytes = new Uint8Array(isIpv4 ? SIZE_IPV4 : SIZE_IPV6);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, domainOf(ip), endianness() === 'LE');
  view.setUint16(2, port);
  bytes.set(addressBytes(ip), isIpv4 ? 4 : 8);
  return bytes;
}

/** Throws RangeError for bytes that are no address of an IP family. */
export function decodeSocketAddress(bytes: Uint8Array): SocketAddress {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const domain = view.getUint16(0, endianness() === 'LE');
  const port = view.getUint16(2);
  if (bytes.length < (domain === AF_INET ? 8 : 24))
    throw new RangeError(`socket address of ${bytes.length} bytes`);
  if (domain === AF_INET) return { ip: decodeIp('IPv4', bytes, 4), port };
  if (domain !== AF_INET6) throw new RangeError(`socket address of family ${domain}`);
  const isMapped = bytes.subarray(8, 20).every((byte, index) => byte === (index < 10 ? 0 : 0xff));
  return { ip: isMapped ? decodeIp('IPv4', bytes, 20) : decodeIp('IPv6', bytes, 8), port };
}
