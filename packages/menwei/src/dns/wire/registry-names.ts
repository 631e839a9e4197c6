/** What types and rcodes are called (RFC 6895), as metrics have them. Types by number are without end, so rare ones are together. */
import { TYPE } from './question.ts';

const TYPES: ReadonlyMap<number, string> = new Map([
  ...Object.entries(TYPE).map(([text, number]): [number, string] => [number, text]),
  [15, 'MX'],
  [35, 'NAPTR'],
  [43, 'DS'],
  [46, 'RRSIG'],
  [47, 'NSEC'],
  [48, 'DNSKEY'],
  [64, 'SVCB'],
  [65, 'HTTPS'],
]);

const RCODES: ReadonlyMap<number, string> = new Map([
  [0, 'NOERROR'],
  [1, 'FORMERR'],
  [2, 'SERVFAIL'],
  [3, 'NXDOMAIN'],
  [4, 'NOTIMP'],
  [5, 'REFUSED'],
  [16, 'BADVERS'],
]);

export function typeText(type: number): string {
  return TYPES.get(type) ?? 'other';
}

export function rcodeText(rcode: number): string {
  return RCODES.get(rcode) ?? String(rcode);
}
