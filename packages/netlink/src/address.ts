/** IP addresses as canonical text (for IPv6 that of RFC 5952) and as bytes. */
import { decodeIpv4, decodeIpv6, encodeIpv4, encodeIpv6 } from './address-bytes.ts';
import { AsciiWriter } from './ascii-writer.ts';

/** An IP family. */
export type IpFamily = 'IPv4' | 'IPv6';
export const IP_FAMILIES: readonly IpFamily[] = ['IPv4', 'IPv6'];

const SIZES: Readonly<Record<IpFamily, 4 | 16>> = { IPv4: 4, IPv6: 16 };
const writer = new AsciiWriter();

/** The family of an address in canonical text. */
export function familyOf(ip: string): IpFamily {
  return ip.includes(':') ? 'IPv6' : 'IPv4';
}

/** The 4 or 16 bytes of an address, or undefined if `text` is not one. */
export function encodeIp(text: string): Uint8Array | undefined {
  const family = familyOf(text);
  const bytes = new Uint8Array(SIZES[family]);
  const encode = family === 'IPv4' ? encodeIpv4 : encodeIpv6;
  return encode(text, 0, text.length, bytes, 0) ? bytes : undefined;
}

/** The 4 or 16 bytes of an address that is known to be one. */
export function addressBytes(ip: string): Uint8Array {
  const bytes = encodeIp(ip);
  if (bytes === undefined) throw new Error(`BUG: ${ip} is no IP address`);
  return bytes;
}

/** Canonical text of the address that stands at `at`. */
export function decodeIp(family: IpFamily, bytes: Uint8Array, at = 0): string {
  if (family === 'IPv4') decodeIpv4(bytes, at, writer);
  else decodeIpv6(bytes, at, writer);
  return writer.take();
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function formatHostPort(ip: string, port: number): string {
  return familyOf(ip) === 'IPv4' ? `${ip}:${port}` : `[${ip}]:${port}`;
}
