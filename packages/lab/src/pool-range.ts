/** Ranges of addresses for Services of type LoadBalancer, which the nodes of a lab announce on its wire. */
import { cidrRange, familyOf, type IpFamily, ipToNumber, parseCidr, parseIp } from '@menwei/addresses/ip.ts';
import { LabSpecError } from './lab-spec-error.ts';

interface TakenAddress {
  readonly ip: string;
  readonly owner: string;
}

interface Bounds {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Throws {@link LabSpecError} unless the text is a range of the segment without an address that a host has: `192.0.2.10-192.0.2.20`,
 * `192.0.2.16/28` or one address.
 *
 * @param networks of the segment
 */
export function checkPool(text: string, networks: readonly string[], taken: readonly TakenAddress[]): void {
  const where = `loadBalancer: pools: ${text}`;
  const bounds = text.includes('/') ? networkBounds(text) : rangeBounds(text);
  if (bounds === undefined) {
    throw new LabSpecError(`${where}: is no range (192.0.2.10-192.0.2.20, 192.0.2.16/28) and no address`);
  }
  if (bounds.first > bounds.last) throw new LabSpecError(`${where}: ends before it begins`);
  const isOnSegment = networks.some((network) => contains(networkBounds(network), bounds));
  if (!isOnSegment) {
    throw new LabSpecError(
      `${where}: is outside ${networks.join(' and ')}, where nobody would find its addresses`,
    );
  }
  const held = taken.find(({ ip }) => contains(bounds, rangeBounds(ip)));
  if (held !== undefined) throw new LabSpecError(`${where}: ${held.ip} is the address of ${held.owner}`);
}

function networkBounds(text: string): Bounds | undefined {
  const cidr = parseCidr(text);
  return cidr && { family: cidr.family, ...cidrRange(cidr) };
}

/** `a-b`, or `a` alone. */
function rangeBounds(text: string): Bounds | undefined {
  const ends = text.split('-').map((part) => parseIp(part.trim()));
  const [from] = ends;
  const to = ends.at(-1);
  if (ends.length > 2 || from === undefined || to === undefined) return undefined;
  if (familyOf(from) !== familyOf(to)) return undefined;
  return { family: familyOf(from), first: ipToNumber(from), last: ipToNumber(to) };
}

function contains(outer: Bounds | undefined, inner: Bounds | undefined): boolean {
  if (outer === undefined || inner === undefined || outer.family !== inner.family) return false;
  return outer.first <= inner.first && outer.last >= inner.last;
}
