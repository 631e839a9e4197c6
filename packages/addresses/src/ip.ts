/**
 * IP addresses and CIDRs as canonical text. Everything past the border of the program holds addresses in this
 * form, so that two spellings of one address are one string.
 */
import ipaddr from 'ipaddr.js';

export type IpFamily = 'IPv4' | 'IPv6';
export const IP_FAMILIES: readonly IpFamily[] = ['IPv4', 'IPv6'];

/** A parsed network. `text` is canonical: host bits cleared, `10.20.0.0/16`. */
export interface Cidr {
  readonly family: IpFamily;
  readonly text: string;
  /** The network address without the prefix length. */
  readonly address: string;
  readonly prefixLength: number;
}

/** Before an IPv4 address within an IPv6 one. */
const MAPPED_BITS = 96;
const SLOPPY_IPV4 = /^\d{1,10}(\.\d{1,10}){3}$/;

/**
 * Canonical text of an address, or undefined if `text` is not one. Leading zeros of IPv4 octets are accepted and
 * read as decimal (`10.180.00.001` is `10.180.0.1`), as the Kubernetes API has always done (spec § 1.3).
 */
export function parseIp(text: string): string | undefined {
  if (SLOPPY_IPV4.test(text)) {
    const octets = text.split('.').map(Number);
    return octets.every((octet) => octet <= 255) ? octets.join('.') : undefined;
  }
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  // The library would take the old `::10.0.0.1` for a mapped address.
  const address = ipaddr.IPv6.parse(text.replace(/^::(?=\d+\.)/, '0:0:0:0:0:0:'));
  // Go prints a mapped address as IPv4, and so do all its users (net.ParseIP).
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

/** The family of an address in canonical text. */
export function familyOf(ip: string): IpFamily {
  return ip.includes(':') ? 'IPv6' : 'IPv4';
}

/**
 * A network from `address/length`, or undefined. Sloppy like {@link parseIp}: `203.0.113.000/025` is accepted. The length
 * of a mapped network counts from the front of the IPv6 address: `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
 */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const addressText = text.slice(0, slash);
  const ip = parseIp(addressText);
  const lengthText = text.slice(slash + 1);
  if (ip === undefined || !/^\d{1,3}$/.test(lengthText)) return undefined;
  const family = familyOf(ip);
  const isMapped = family === 'IPv4' && addressText.includes(':');
  const prefixLength = Number(lengthText) - (isMapped ? MAPPED_BITS : 0);
  if (prefixLength < 0 || prefixLength > (family === 'IPv4' ? 32 : 128)) return undefined;
  const cidr = `${ip}/${prefixLength}`;
  const address =
    family === 'IPv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()
      : ipaddr.IPv6.networkAddressFromCIDR(cidr).toRFC5952String();
  return { family, text: `${address}/${prefixLength}`, address, prefixLength };
}

/** A network from text that has been checked before. */
export function parseKnownCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`BUG: ${text} is not a CIDR`);
  return cidr;
}

/** The networks that lie in no other one, each once, widest first: networks are nested or disjoint. */
export function outermostCidrs(cidrs: Iterable<Cidr>): readonly Cidr[] {
  const kept: Cidr[] = [];
  for (const cidr of [...cidrs].sort((a, b) => a.prefixLength - b.prefixLength)) {
    if (!kept.some((wider) => cidrContains(wider, cidr.address))) kept.push(cidr);
  }
  return kept;
}

/** Whether an address in canonical text lies in the network. Addresses of the other family never do. */
export function cidrContains(cidr: Cidr, ip: string): boolean {
  if (familyOf(ip) !== cidr.family) return false;
  return cidr.family === 'IPv4'
    ? ipaddr.IPv4.parse(ip).match(ipaddr.IPv4.parse(cidr.address), cidr.prefixLength)
    : ipaddr.IPv6.parse(ip).match(ipaddr.IPv6.parse(cidr.address), cidr.prefixLength);
}

/** The 4 or 16 bytes of an address in canonical text. */
export function addressBytes(ip: string): readonly number[] {
  return ipaddr.parse(ip).toByteArray();
}

/** The canonical text of an address of 4 or 16 bytes; a mapped one stays an IPv6 address. */
export function ipFromBytes(bytes: Uint8Array): string {
  const address = ipaddr.fromByteArray([...bytes]);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** An address in canonical text as a number, to count and to compare with others of its family. */
export function ipToNumber(ip: string): bigint {
  if (familyOf(ip) === 'IPv6') return addressBytes(ip).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return BigInt(ip.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0));
}

/** The canonical text of what {@link ipToNumber} told. */
export function ipFromNumber(number: bigint, family: IpFamily): string {
  const bytes = new Uint8Array(family === 'IPv4' ? 4 : 16);
  let rest = number;
  for (let index = bytes.length - 1; index >= 0; index -= 1) {
    bytes[index] = Number(rest & 255n);
    rest >>= 8n;
  }
  return ipFromBytes(bytes);
}

/** What reaches no further than one link (RFC 3927, RFC 4291). */
export const LINK_LOCAL: Readonly<Record<IpFamily, Cidr>> = {
  IPv4: parseKnownCidr('169.254.0.0/16'),
  IPv6: parseKnownCidr('fe80::/10'),
};

/** What never leaves the machine, as CIDR. */
export const LOOPBACK: Readonly<Record<IpFamily, string>> = { IPv4: '127.0.0.0/8', IPv6: '::1/128' };

/** Whether an address in canonical text lies in {@link LOOPBACK}. */
export function isLoopback(ip: string): boolean {
  return familyOf(ip) === 'IPv4' ? ip.startsWith('127.') : ip === '::1';
}

/** No machine can be reached at these, at least not by routers: this network, loopback, one link, groups, all (RFC 6890). */
const UNASSIGNABLE: Readonly<Record<IpFamily, readonly string[]>> = {
  IPv4: ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '255.255.255.255/32'],
  IPv6: ['::/127', 'fe80::/10', 'ff00::/8'],
};

/** Both ends included, as {@link ipToNumber} has them. */
interface NumberedRange {
  readonly first: bigint;
  readonly last: bigint;
}

/** Of IPv6 also what is IPv4 in other words. */
const UNASSIGNABLE_RANGES: Readonly<Record<IpFamily, readonly NumberedRange[]>> = {
  IPv4: UNASSIGNABLE.IPv4.map(parseKnownCidr).map(cidrRange),
  IPv6: [
    ...UNASSIGNABLE.IPv6.map(parseKnownCidr).map(cidrRange),
    { first: 0xffff_0000_0000n, last: 0xffff_ffff_ffffn },
  ],
};

/** Addresses that can't be those of a Service, whoever says so. */
export function unassignableRanges(family: IpFamily): readonly NumberedRange[] {
  return UNASSIGNABLE_RANGES[family];
}

/** All addresses of a CIDR. */
export function cidrRange({ family, address, prefixLength }: Cidr): NumberedRange {
  const first = ipToNumber(address);
  return { first, last: first + (1n << BigInt((family === 'IPv4' ? 32 : 128) - prefixLength)) - 1n };
}

/** Whether an address in canonical text is one that some machine may have, on more than one link. */
export function isAssignable(ip: string): boolean {
  const number = ipToNumber(ip);
  return !unassignableRanges(familyOf(ip)).some(({ first, last }) => first <= number && number <= last);
}

/** Whether it stands for all addresses of a machine, as a place to listen. */
export function isWildcard(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}

/** An address, canonical, and a port. */
export interface HostPort {
  readonly ip: string;
  readonly port: number;
}

const HOST_PORT = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/;

/** Of `10.0.0.1:80` or `[fd00::1]:80`; undefined for any other text, as one with names in it. */
export function parseHostPort(text: string): HostPort | undefined {
  const [, ipv6, ipv4, digits] = HOST_PORT.exec(text) ?? [];
  const ip = parseIp(ipv6 ?? ipv4 ?? '');
  const port = Number(digits);
  return ip === undefined || port > 65_535 ? undefined : { ip, port };
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function formatHostPort(ip: string, port: number): string {
  return familyOf(ip) === 'IPv4' ? `${ip}:${port}` : `[${ip}]:${port}`;
}
