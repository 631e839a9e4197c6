/** The rules a service port contributes to the chains that all share: who may come in, and to which chain (spec § 4.8). */
import type { ServicePort } from '../../services/service-port.ts';
import { formatRule, type Rule } from '../xtables/rule.ts';
import type { SharedRule } from '../xtables/shared-chains.ts';
import {
  FILTER_EXTERNAL_SERVICES,
  FILTER_NODE_PORTS,
  FILTER_PROXY_FIREWALL,
  FILTER_SERVICES,
  NAT_NODE_PORTS,
  NAT_SERVICES,
} from './names.ts';
import { LOCALHOST_NODE_PORTS_ACCOUNTING } from './options.ts';
import type { Situation } from './situation.ts';

export function sharedRules(situation: Situation): SharedRule[] {
  return [
    ...clusterIPRules(situation),
    ...externalIPRules(situation),
    ...loadBalancerRules(situation),
    ...nodePortRules(situation),
    ...healthCheckRules(situation),
  ];
}

function clusterIPRules({ port, protocol, ...situation }: Situation): SharedRule[] {
  if (port.clusterIP === undefined) return [];
  const match = { protocol, destination: port.clusterIP, destinationPort: port.port };
  if (situation.hasInternalEndpoints) {
    return [
      shared(NAT_SERVICES, {
        comment: `${port.displayName} cluster IP`,
        ...match,
        target: situation.internalChain,
      }),
    ];
  }
  return [shared(FILTER_SERVICES, unreachable(port, situation.hasEndpoints, match))];
}

function externalIPRules({ port, protocol, chains, ...situation }: Situation): SharedRule[] {
  return port.externalIPs.flatMap((ip) => {
    const match = { protocol, destination: ip, destinationPort: port.port };
    const rules: SharedRule[] = [];
    if (situation.hasEndpoints) {
      rules.push(
        shared(NAT_SERVICES, {
          comment: `${port.displayName} external IP`,
          ...match,
          target: chains.external,
        }),
      );
    }
    if (!situation.hasExternalEndpoints) {
      rules.push(shared(FILTER_EXTERNAL_SERVICES, unreachable(port, situation.hasEndpoints, match)));
    }
    return rules;
  });
}

function loadBalancerRules({ port, protocol, chains, ...situation }: Situation): SharedRule[] {
  return port.loadBalancerVIPs.flatMap((ip) => {
    const match = { protocol, destination: ip, destinationPort: port.port };
    const rules: SharedRule[] = [];
    if (situation.hasEndpoints) {
      const target = situation.usesFirewall ? chains.firewall : chains.external;
      rules.push(shared(NAT_SERVICES, { comment: `${port.displayName} loadbalancer IP`, ...match, target }));
    }
    if (situation.usesFirewall) {
      // Whoever is not in the source ranges returns from the firewall chain without DNAT and ends here.
      const comment = `${port.displayName} traffic not accepted by ${chains.firewall}`;
      rules.push(shared(FILTER_PROXY_FIREWALL, { comment, ...match, target: 'DROP' }));
    }
    if (!situation.hasExternalEndpoints) {
      rules.push(shared(FILTER_EXTERNAL_SERVICES, unreachable(port, situation.hasEndpoints, match)));
    }
    return rules;
  });
}

function nodePortRules({ port, protocol, chains, options, ...situation }: Situation): SharedRule[] {
  if (port.nodePort === 0) return [];
  const match = { protocol, destinationPort: port.nodePort };
  const rules: SharedRule[] = [];
  if (situation.hasEndpoints) {
    const dispatch = { comment: port.displayName, ...match, target: chains.external };
    if (options.localhostNodePorts && options.accounting.includes(LOCALHOST_NODE_PORTS_ACCOUNTING)) {
      rules.push(
        shared(NAT_NODE_PORTS, {
          ...dispatch,
          destination: '127.0.0.0/8',
          accounting: LOCALHOST_NODE_PORTS_ACCOUNTING,
        }),
      );
    }
    rules.push(shared(NAT_NODE_PORTS, dispatch));
  }
  if (!situation.hasExternalEndpoints) {
    rules.push(
      shared(FILTER_EXTERNAL_SERVICES, {
        destinationType: 'LOCAL',
        ...unreachable(port, situation.hasEndpoints, match),
      }),
    );
  }
  return rules;
}

function healthCheckRules({ port }: Situation): SharedRule[] {
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

/** Refused when there is no endpoint anywhere; dropped when only this node has none (the client may try another). */
function unreachable(port: ServicePort, hasEndpoints: boolean, match: Rule): Rule {
  return {
    comment: `${port.displayName} has no ${hasEndpoints ? 'local endpoints' : 'endpoints'}`,
    ...match,
    target: hasEndpoints ? 'DROP' : 'REJECT',
  };
}

function shared(chain: SharedRule['chain'], rule: Rule): SharedRule {
  return { chain, rule: formatRule(rule) };
}
