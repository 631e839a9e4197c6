/** What the rules of one service port depend on, worked out once (spec §§ 3.1, 4.8). */
import type { NodeView } from '../../services/node-view.ts';
import type { ServicePort } from '../../services/service-port.ts';
import { categorizeEndpoints, type EndpointCategories } from '../../services/topology.ts';
import { type ServiceChains, serviceChains } from './names.ts';
import type { IptablesOptions } from './options.ts';

export interface Situation {
  readonly port: ServicePort;
  readonly node: NodeView;
  readonly options: IptablesOptions;
  readonly protocol: string;
  readonly chains: ServiceChains;
  readonly endpoints: EndpointCategories;
  /** Some endpoint can be used from somewhere. */
  readonly hasEndpoints: boolean;
  /** The ClusterIP leads to an endpoint. */
  readonly hasInternalEndpoints: boolean;
  /** External addresses lead to an endpoint for everybody, not only for pods and the node itself. */
  readonly hasExternalEndpoints: boolean;
  /** Where ClusterIP traffic goes. */
  readonly internalChain: string;
  /** Where external traffic goes once its source is dealt with. */
  readonly externalPolicyChain: string;
  readonly usesFirewall: boolean;
}

export function assess(port: ServicePort, node: NodeView, options: IptablesOptions): Situation {
  const protocol = port.protocol.toLowerCase();
  const chains = serviceChains(port.displayName, protocol);
  const endpoints = categorizeEndpoints(port, node);
  const hasEndpoints = endpoints.hasAnyEndpoints;
  const hasLocal = endpoints.localEndpoints.length > 0;
  return {
    port,
    node,
    options,
    protocol,
    chains,
    endpoints,
    hasEndpoints,
    hasInternalEndpoints: hasEndpoints && (!port.internalPolicyLocal || hasLocal),
    hasExternalEndpoints: hasEndpoints && (!port.externalPolicyLocal || hasLocal),
    internalChain: port.internalPolicyLocal ? chains.local : chains.cluster,
    externalPolicyChain: port.externalPolicyLocal ? chains.local : chains.cluster,
    usesFirewall:
      hasEndpoints && port.loadBalancerVIPs.length > 0 && port.loadBalancerSourceRanges.length > 0,
  };
}
