import { parseIp } from '@menwei/addresses/ip.ts';

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const CANONICAL_IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const GROUP = '[1-9a-f][0-9a-f]{0,3}';
/** Without a zero group outside of `::`, with which only the full rules of RFC 5952 can tell what is canonical. */
const PLAIN_IPV6 = new RegExp(`^${GROUP}(?::${GROUP}){0,5}::(?:${GROUP}(?::${GROUP}){0,5})?$`);
/** With more, `::` would stand for a single group, which is written `0`. */
const MOST_COLONS = 6;

/**
 * {@link parseIp} for the hundred thousands: nearly every address of an API server is in canonical text already, and
 * seeing that is several times cheaper than parsing. The same string comes back then, so nothing is allocated.
 */
export function canonicalIp(text: string): string | undefined {
  if (CANONICAL_IPV4.test(text)) return text;
  if (PLAIN_IPV6.test(text) && countColons(text) <= MOST_COLONS) return text;
  return parseIp(text);
}

function countColons(text: string): number {
  let count = 0;
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) count++;
  return count;
}
