/** Load-balancer source ranges as elements of an interval set, which must not overlap. */
import { type Cidr, cidrContains, parseCidr } from '../../addresses/ip.ts';
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePort } from '../../services/service-port.ts';

/**
 * Who may reach the load-balancer addresses of a service port, as nft writes it (`203.0.113.0/24`, `192.0.2.1`), no
 * range within another; undefined: everybody.
 */
export function allowedSources(port: ServicePort, node: NodeView): readonly string[] | undefined {
  const ranges = port.loadBalancerSourceRanges.map(parseKnownCidr);
  if (ranges.length === 0 || ranges.some(({ prefixLength }) => prefixLength === 0)) return undefined;
  const { ip } = node;
  // A connection of the node itself to the VIP may carry the VIP as its source, and the node is allowed.
  if (ip !== undefined && ranges.some((range) => cidrContains(range, ip))) {
    const bits = port.family === 'IPv4' ? 32 : 128;
    ranges.push(...port.loadBalancerVIPs.map((vip) => parseKnownCidr(`${vip}/${bits}`)));
  }
  return outermost(ranges).map(formatRange);
}

/** CIDRs are nested or disjoint: what lies in another one says nothing. */
function outermost(ranges: readonly Cidr[]): readonly Cidr[] {
  const kept: Cidr[] = [];
  for (const range of [...ranges].sort((a, b) => a.prefixLength - b.prefixLength)) {
    if (!kept.some((wider) => cidrContains(wider, range.address))) kept.push(range);
  }
  return kept;
}

function formatRange({ family, address, prefixLength, text }: Cidr): string {
  return prefixLength === (family === 'IPv4' ? 32 : 128) ? address : text;
}

function parseKnownCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`BUG: ${text} is no CIDR`);
  return cidr;
}
