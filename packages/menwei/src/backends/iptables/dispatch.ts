/** The rules a service port contributes to the chains that all share: who may come in, and to which chain (spec § 4.8). */
import { LOOPBACK } from '@menwei/addresses/ip.ts';
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import { filterRules } from '../xtables/filter-rules.ts';
import type { SharedRule } from '../xtables/shared-chains.ts';
import { NAT_NODE_PORTS, NAT_SERVICES } from './names.ts';
import { LOCALHOST_NODE_PORTS_ACCOUNTING } from './options.ts';
import type { Situation } from './situation.ts';

export function sharedRules(situation: Situation): SharedRule[] {
  return [
    ...clusterIPRules(situation),
    ...externalIPRules(situation),
    ...loadBalancerRules(situation),
    ...nodePortRules(situation),
    // Whoever is not in the source ranges returns from the firewall chain without DNAT, and is dropped there.
    ...filterRules(situation.port, situation, situation.chains.firewall),
  ];
}

function clusterIPRules({ port, protocol, ...situation }: Situation): SharedRule[] {
  if (port.clusterIP === undefined || !situation.hasInternalEndpoints) return [];
  return [
    shared(NAT_SERVICES, {
      comment: `${port.displayName} cluster IP`,
      protocol,
      destination: port.clusterIP,
      destinationPort: port.port,
      target: situation.internalChain,
    }),
  ];
}

function externalIPRules({ port, protocol, chains, hasEndpoints }: Situation): SharedRule[] {
  if (!hasEndpoints) return [];
  return port.externalIPs.map((ip) =>
    shared(NAT_SERVICES, {
      comment: `${port.displayName} external IP`,
      protocol,
      destination: ip,
      destinationPort: port.port,
      target: chains.external,
    }),
  );
}

function loadBalancerRules({ port, protocol, chains, ...situation }: Situation): SharedRule[] {
  if (!situation.hasEndpoints) return [];
  return port.loadBalancerVIPs.map((ip) =>
    shared(NAT_SERVICES, {
      comment: `${port.displayName} loadbalancer IP`,
      protocol,
      destination: ip,
      destinationPort: port.port,
      target: situation.usesFirewall ? chains.firewall : chains.external,
    }),
  );
}

function nodePortRules({ port, protocol, chains, options, hasEndpoints }: Situation): SharedRule[] {
  if (port.nodePort === 0 || !hasEndpoints) return [];
  const dispatch = {
    comment: port.displayName,
    protocol,
    destinationPort: port.nodePort,
    target: chains.external,
  };
  const rules: SharedRule[] = [];
  if (options.localhostNodePorts && options.accounting.includes(LOCALHOST_NODE_PORTS_ACCOUNTING)) {
    rules.push(
      shared(NAT_NODE_PORTS, {
        ...dispatch,
        destination: LOOPBACK.IPv4,
        accounting: LOCALHOST_NODE_PORTS_ACCOUNTING,
      }),
    );
  }
  rules.push(shared(NAT_NODE_PORTS, dispatch));
  return rules;
}

function shared(chain: SharedRule['chain'], rule: Rule): SharedRule {
  return { chain, rule };
}
