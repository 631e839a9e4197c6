/** What types and rcodes are called (RFC 6895), as metrics have them. Types by number are without end, so rare ones are together. */
import { RCODE, TYPE } from './question.ts';

const TYPES: ReadonlyMap<number, string> = new Map([
  ...namesByNumber(TYPE),
  [15, 'MX'],
  [35, 'NAPTR'],
  [43, 'DS'],
  [46, 'RRSIG'],
  [47, 'NSEC'],
  [48, 'DNSKEY'],
  [64, 'SVCB'],
  [65, 'HTTPS'],
]);

const RCODES: ReadonlyMap<number, string> = new Map(namesByNumber(RCODE));

export function typeText(type: number): string {
  return TYPES.get(type) ?? 'other';
}

export function rcodeText(rcode: number): string {
  return RCODES.get(rcode) ?? String(rcode);
}

function namesByNumber(numbers: Readonly<Record<string, number>>): readonly [number, string][] {
  return Object.entries(numbers).map(([text, number]) => [number, text]);
}
