/** What the rules of one service port depend on, worked out once (spec §§ 3.1, 4.8). */
import type { NodeView } from '../../services/node-view.ts';
import * as services from '../../services/situation.ts';
import type { ServicePort } from '../../state/service-port.ts';
import { restrictsSources } from '../xtables/filter-rules.ts';
import { type ServiceChains, serviceChains } from './names.ts';
import type { IptablesOptions } from './options.ts';

export interface Situation extends services.Situation {
  readonly port: ServicePort;
  readonly node: NodeView;
  readonly options: IptablesOptions;
  readonly protocol: string;
  readonly chains: ServiceChains;
  /** Where ClusterIP traffic goes. */
  readonly internalChain: string;
  /** Where external traffic goes once its source is dealt with. */
  readonly externalPolicyChain: string;
  readonly usesFirewall: boolean;
}

export function assess(port: ServicePort, node: NodeView, options: IptablesOptions): Situation {
  const protocol = port.protocol.toLowerCase();
  const chains = serviceChains(port.displayName, protocol);
  const situation = services.assess(port, node);
  return {
    ...situation,
    port,
    node,
    options,
    protocol,
    chains,
    internalChain: port.internalPolicyLocal ? chains.local : chains.cluster,
    externalPolicyChain: port.externalPolicyLocal ? chains.local : chains.cluster,
    usesFirewall: restrictsSources(port, situation),
  };
}
