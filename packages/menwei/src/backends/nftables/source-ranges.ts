/** Load-balancer source ranges as elements of an interval set, which must not overlap. */
import { type Cidr, outermostCidrs, parseKnownCidr } from '@menwei/addresses/ip.ts';
import type { NodeView } from '../../services/node-view.ts';
import { sourceRangesAllowNode } from '../../services/situation.ts';
import type { ServicePort } from '../../state/service-port.ts';

/** Who may reach the load-balancer addresses of a service port, no range within another; undefined: everybody. */
export function allowedSources(port: ServicePort, node: NodeView): readonly Cidr[] | undefined {
  const ranges = port.loadBalancerSourceRanges?.map(parseKnownCidr);
  if (ranges === undefined || ranges.some(({ prefixLength }) => prefixLength === 0)) return undefined;
  if (sourceRangesAllowNode(port, node)) {
    const bits = port.family === 'IPv4' ? 32 : 128;
    ranges.push(...port.loadBalancerVIPs.map((vip) => parseKnownCidr(`${vip}/${bits}`)));
  }
  return outermostCidrs(ranges);
}
