/** Ranges of addresses as pools have them: `192.0.2.0/24`, `192.0.2.10-192.0.2.20`, `192.0.2.7`; IPv6 likewise. */
import { cidrRange, familyOf, ipFromNumber, ipToNumber, parseCidr, parseIp } from '@menwei/addresses/ip.ts';
import { show } from './decode-text.ts';
import type { AddressRange } from './load-balancer-objects.ts';

/** Octal for some, decimal for others: which addresses are meant must not be a matter of taste. */
const LEADING_ZERO = /(?:^|\.)0\d/;

/** In words why it is none; nothing is made of a text that might mean more than its author thought. */
export function parseAddressRange(text: string): AddressRange | string {
  const trimmed = text.trim();
  if (trimmed.includes('/')) return parseNetwork(trimmed);
  const [from = '', to = from, ...rest] = trimmed.split('-');
  if (rest.length > 0) return notRange(text);
  return rangeBetween(from, to, trimmed);
}

/** `text` is what the range is called. */
export function rangeBetween(from: string, to: string, text: string): AddressRange | string {
  const first = parseStrictIp(from.trim());
  const last = parseStrictIp(to.trim());
  if (first === undefined || last === undefined) return notRange(text);
  const family = familyOf(first);
  if (familyOf(last) !== family) return `${show(text)} begins and ends in different IP families`;
  if (ipToNumber(first) > ipToNumber(last)) return `${show(text)} ends before it begins`;
  return { family, first, last, text };
}

function parseNetwork(text: string): AddressRange | string {
  const cidr = parseCidr(text);
  const [addressText = ''] = text.split('/');
  const stated = parseStrictIp(addressText);
  if (cidr === undefined || stated === undefined) return `${show(text)} is not a CIDR`;
  const { family, address } = cidr;
  const last = ipFromNumber(cidrRange(cidr).last, family);
  if (stated !== address) {
    return `${show(text)} is not on its boundary: that network begins at ${address}; write ${cidr.text} if all of it is meant, or ${stated}-${last}`;
  }
  return { family, first: address, last, text };
}

function parseStrictIp(text: string): string | undefined {
  return LEADING_ZERO.test(text) ? undefined : parseIp(text);
}

function notRange(text: string): string {
  return `${show(text)} is neither a CIDR nor an address nor a range such as 192.0.2.10-192.0.2.20`;
}
