/** IP addresses as canonical text and as bytes. */
import ipaddr from 'ipaddr.js';

export type IpFamily = 'IPv4' | 'IPv6';
export const IP_FAMILIES: readonly IpFamily[] = ['IPv4', 'IPv6'];

/** The family of an address in canonical text. */
export function familyOf(ip: string): IpFamily {
  return ip.includes(':') ? 'IPv6' : 'IPv4';
}

/** Canonical text of an address, or undefined if `text` is not one. A mapped address is an IPv4 address. */
export function parseIp(text: string): string | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text).toString();
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  // The library would take the old `::10.0.0.1` for a mapped address.
  const address = ipaddr.IPv6.parse(text.replace(/^::(?=\d+\.)/, '0:0:0:0:0:0:'));
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

/** The 4 or 16 bytes of an address in canonical text. */
export function addressBytes(ip: string): readonly number[] {
  return ipaddr.parse(ip).toByteArray();
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function formatHostPort(ip: string, port: number): string {
  return familyOf(ip) === 'IPv4' ? `${ip}:${port}` : `[${ip}]:${port}`;
}
