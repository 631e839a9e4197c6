/** Names of addresses: `4.3.2.1.in-addr.arpa` (RFC 1035 § 3.5), nibbles under `ip6.arpa` (RFC 3596 § 2.5). */
import { ipFromBytes, parseIp } from '@menwei/addresses/ip.ts';

interface ReverseName {
  /** Canonical. */
  readonly ip: string;
  /** Where in the name the zone begins: `in-addr.arpa`. */
  readonly zoneStart: number;
}

const REVERSE_V4 = /^((?:(?:0|[1-9]\d{0,2})\.){4})in-addr\.arpa$/;
const REVERSE_V6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/;

/** Undefined: it is not the name of one address. */
export function parseReverseName(name: string): ReverseName | undefined {
  const [, four] = REVERSE_V4.exec(name) ?? [];
  if (four !== undefined) {
    const ip = parseIp(four.slice(0, -1).split('.').reverse().join('.'));
    return ip === undefined ? undefined : { ip, zoneStart: four.length };
  }
  const [, six] = REVERSE_V6.exec(name) ?? [];
  if (six === undefined) return undefined;
  const nibbles = six.replaceAll('.', '').split('').reverse().join('');
  return { ip: ipFromBytes(Buffer.from(nibbles, 'hex')), zoneStart: six.length };
}
