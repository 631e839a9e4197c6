/** What a service port puts into the filter chains: who is refused or dropped, and which ports are open (spec § 4.8). */

import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import type { Situation } from '../../services/situation.ts';
import type { ServicePort } from '../../state/service-port.ts';
import {
  FILTER_EXTERNAL_SERVICES,
  FILTER_NODE_PORTS,
  FILTER_PROXY_FIREWALL,
  FILTER_SERVICES,
} from './filter-chains.ts';
import type { SharedRule } from './shared-chains.ts';

/** Only some sources may use the load-balancer addresses. Without endpoints all are refused alike. */
export function restrictsSources(port: ServicePort, { hasEndpoints }: Situation): boolean {
  return hasEndpoints && port.loadBalancerVIPs.length > 0 && port.loadBalancerSourceRanges !== undefined;
}

/** @param firewall what lets sources in, for comments: others are dropped here, having met no rule of the nat table */
export function filterRules(port: ServicePort, situation: Situation, firewall: string): SharedRule[] {
  return [
    ...clusterIPRules(port, situation),
    ...externalIPRules(port, situation),
    ...loadBalancerRules(port, situation, firewall),
    ...nodePortRules(port, situation),
    ...healthCheckRules(port),
  ];
}

function clusterIPRules(port: ServicePort, situation: Situation): SharedRule[] {
  if (port.clusterIP === undefined || situation.hasInternalEndpoints) return [];
  return [shared(FILTER_SERVICES, unreachable(port, situation, addressMatch(port, port.clusterIP)))];
}

function externalIPRules(port: ServicePort, situation: Situation): SharedRule[] {
  if (situation.hasExternalEndpoints) return [];
  return port.externalIPs.map((ip) =>
    shared(FILTER_EXTERNAL_SERVICES, unreachable(port, situation, addressMatch(port, ip))),
  );
}

function loadBalancerRules(port: ServicePort, situation: Situation, firewall: string): SharedRule[] {
  return port.loadBalancerVIPs.flatMap((ip) => {
    const match = addressMatch(port, ip);
    const rules: SharedRule[] = [];
    if (restrictsSources(port, situation)) {
      const comment = `${port.displayName} traffic not accepted by ${firewall}`;
      rules.push(shared(FILTER_PROXY_FIREWALL, { comment, ...match, target: 'DROP' }));
    }
    if (!situation.hasExternalEndpoints) {
      rules.push(shared(FILTER_EXTERNAL_SERVICES, unreachable(port, situation, match)));
    }
    return rules;
  });
}

function nodePortRules(port: ServicePort, situation: Situation): SharedRule[] {
  if (port.nodePort === 0 || situation.hasExternalEndpoints) return [];
  const match = { protocol: port.protocol.toLowerCase(), destinationPort: port.nodePort };
  return [
    shared(FILTER_EXTERNAL_SERVICES, {
      destinationType: 'LOCAL',
      ...unreachable(port, situation, match),
    }),
  ];
}

function healthCheckRules(port: ServicePort): SharedRule[] {
  if (port.healthCheckNodePort === 0) return [];
  const comment = `${port.displayName} health check node port`;
  return [
    shared(FILTER_NODE_PORTS, {
      comment,
      protocol: 'tcp',
      destinationPort: port.healthCheckNodePort,
      target: 'ACCEPT',
    }),
  ];
}

function addressMatch(port: ServicePort, ip: string): Rule {
  return { protocol: port.protocol.toLowerCase(), destination: ip, destinationPort: port.port };
}

/** Refused when there is no endpoint anywhere; dropped when only this node has none (the client may try another). */
function unreachable(port: ServicePort, { hasEndpoints }: Situation, match: Rule): Rule {
  return {
    comment: `${port.displayName} has no ${hasEndpoints ? 'local endpoints' : 'endpoints'}`,
    ...match,
    target: hasEndpoints ? 'DROP' : 'REJECT',
  };
}

function shared(chain: SharedRule['chain'], rule: Rule): SharedRule {
  return { chain, rule };
}
