/** What becomes of the traffic of a service port on one node: the decision that all modes share (spec § 3.1). */
import { cidrContains, parseKnownCidr } from '@menwei/addresses/ip.ts';
import type { ServicePort } from '../state/service-port.ts';
import type { NodeView } from './node-view.ts';
import { categorizeEndpoints, type EndpointCategories } from './topology.ts';

export interface Situation {
  readonly endpoints: EndpointCategories;
  /** Some endpoint can be used from somewhere. Without any, traffic is refused. */
  readonly hasEndpoints: boolean;
  /** The ClusterIP leads to an endpoint. If there are endpoints but none for this node, traffic is dropped. */
  readonly hasInternalEndpoints: boolean;
  /** External addresses lead to an endpoint for everybody, not only for pods and the node itself. */
  readonly hasExternalEndpoints: boolean;
}

export function assess(port: ServicePort, node: NodeView): Situation {
  const endpoints = categorizeEndpoints(port, node);
  const hasEndpoints = endpoints.hasAnyEndpoints;
  const hasLocal = endpoints.localEndpoints.length > 0;
  return {
    endpoints,
    hasEndpoints,
    hasInternalEndpoints: hasEndpoints && (!port.internalPolicyLocal || hasLocal),
    hasExternalEndpoints: hasEndpoints && (!port.externalPolicyLocal || hasLocal),
  };
}

/** The node itself may reach the load-balancer addresses, also when its connection carries one of them as its source. */
export function sourceRangesAllowNode({ loadBalancerSourceRanges }: ServicePort, { ip }: NodeView): boolean {
  const allows = (range: string) => ip !== undefined && cidrContains(parseKnownCidr(range), ip);
  return loadBalancerSourceRanges?.some(allows) === true;
}
