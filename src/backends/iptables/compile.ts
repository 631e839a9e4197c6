/**
 * One service port → its iptables rules. Text and order inside a chain are upstream's (spec §§ 4.8, 4.9); the same
 * situations get the same verdicts (§ 3.1).
 */

import { cidrContains, parseCidr } from '../../addresses/ip.ts';
import type { NodeView } from '../../services/node-view.ts';
import { type Endpoint, isExternallyAccessible, type ServicePort } from '../../services/service-port.ts';
import { categorizeEndpoints, type EndpointCategories } from '../../services/topology.ts';
import {
  endpointChain,
  FILTER_EXTERNAL_SERVICES,
  FILTER_NODE_PORTS,
  FILTER_PROXY_FIREWALL,
  FILTER_SERVICES,
  MARK_MASQ,
  NAT_NODE_PORTS,
  NAT_SERVICES,
  type ServiceChains,
  serviceChains,
} from './names.ts';
import type { IptablesOptions } from './options.ts';
import { formatRule, type Rule } from './rule.ts';
import type { IptablesUnit, OwnChain, SharedRule } from './unit.ts';

/** The accounting object that counts connections to NodePorts on 127.0.0.1. */
export const LOCALHOST_NODE_PORTS_ACCOUNTING = 'localhost_nps_accepted_pkts';

/** Everything the rules of one service port depend on, worked out once. */
interface Situation {
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

export function compile(port: ServicePort, node: NodeView, options: IptablesOptions): IptablesUnit {
  const situation = assess(port, node, options);
  return { ownChains: ownChains(situation), sharedRules: sharedRules(situation) };
}

function assess(port: ServicePort, node: NodeView, options: IptablesOptions): Situation {
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

function sharedRules(situation: Situation): SharedRule[] {
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
    if (options.localhostNodePorts && options.accounting) {
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
        addressType: 'dst',
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

function ownChains(situation: Situation): OwnChain[] {
  const { port, chains, endpoints } = situation;
  const { clusterEndpoints, localEndpoints, allReachable } = endpoints;
  const names = new Map(
    allReachable.map((endpoint) => [
      endpoint,
      endpointChain(port.displayName, situation.protocol, endpoint.text),
    ]),
  );
  const own: OwnChain[] = [];
  if (situation.hasEndpoints && isExternallyAccessible(port)) {
    own.push(ownChain(chains.external, externalChain(situation)));
  }
  if (situation.usesFirewall) own.push(ownChain(chains.firewall, firewallChain(situation)));
  if (clusterEndpoints.length > 0) own.push(policyChain(situation, chains.cluster, clusterEndpoints, names));
  if (localEndpoints.length > 0) own.push(policyChain(situation, chains.local, localEndpoints, names));
  for (const [endpoint, name] of names) own.push(endpointRules(situation, endpoint, name));
  return own;
}

/** Traffic to external addresses: settle whether it must be masqueraded, then apply the external policy. */
function externalChain(situation: Situation): Rule[] {
  const { port, chains, node } = situation;
  const destinations = `${port.displayName} external destinations`;
  const rules: Rule[] = [];
  if (!port.externalPolicyLocal) {
    rules.push({ comment: `masquerade traffic for ${destinations}`, target: MARK_MASQ });
  } else {
    // The short circuit: pods of this node and the node itself reach all endpoints, whatever the policy.
    if (node.detectLocal.by !== 'none') {
      rules.push({
        comment: `pod traffic for ${destinations}`,
        ...localSource(node),
        target: chains.cluster,
      });
    }
    rules.push(
      { comment: `masquerade LOCAL traffic for ${destinations}`, addressType: 'src', target: MARK_MASQ },
      { comment: `route LOCAL traffic for ${destinations}`, addressType: 'src', target: chains.cluster },
    );
  }
  if (situation.hasExternalEndpoints) rules.push({ target: situation.externalPolicyChain });
  return rules;
}

/** Load-balancer source ranges. What matches none of them returns, and is dropped in the filter table. */
function firewallChain({ port, node, chains }: Situation): Rule[] {
  const comment = `${port.displayName} loadbalancer IP`;
  const ranges = port.loadBalancerSourceRanges;
  const rules: Rule[] = ranges.map((range) => ({ comment, source: range, target: chains.external }));
  if (ranges.some((range) => includesNode(range, node))) {
    // A connection of the node itself to the VIP may carry the VIP as its source, and the node is allowed.
    for (const vip of port.loadBalancerVIPs) rules.push({ comment, source: vip, target: chains.external });
  }
  rules.push({ comment: `other traffic to ${port.displayName} will be dropped by KUBE-PROXY-FIREWALL` });
  return rules;
}

function includesNode(range: string, node: NodeView): boolean {
  const cidr = parseCidr(range);
  return cidr !== undefined && node.ip !== undefined && cidrContains(cidr, node.ip);
}

/** A KUBE-SVC or KUBE-SVL chain: equal chances for all its endpoints, a remembered one first. */
function policyChain(
  situation: Situation,
  chain: string,
  endpoints: readonly Endpoint[],
  names: ReadonlyMap<Endpoint, string>,
): OwnChain {
  const { port, node } = situation;
  const rules: Rule[] = [];
  if (situation.hasInternalEndpoints && chain === situation.internalChain) {
    rules.push(...internalMasquerade(situation));
  }
  const targets = endpoints.map((endpoint) => {
    const target = names.get(endpoint);
    if (target === undefined)
      throw new Error(`BUG: ${port.displayName}: unreachable endpoint ${endpoint.text}`);
    const comment = node.largeCluster ? {} : { comment: `${port.displayName} -> ${endpoint.text}` };
    return { ...comment, target };
  });
  if (port.sessionAffinitySeconds > 0) {
    for (const { target, ...rest } of targets) {
      rules.push({ ...rest, recent: { name: target, seconds: port.sessionAffinitySeconds }, target });
    }
  }
  targets.forEach((rule, index) => {
    const remaining = targets.length - index;
    rules.push(remaining === 1 ? rule : { ...rule, oneOf: remaining });
  });
  return ownChain(chain, rules);
}

/** Off-cluster traffic to the ClusterIP is masqueraded, so that the reply comes back this way. */
function internalMasquerade({ port, protocol, node, options }: Situation): Rule[] {
  if (port.clusterIP === undefined) return [];
  const rule: Rule = {
    comment: `${port.displayName} cluster IP`,
    protocol,
    destination: port.clusterIP,
    destinationPort: port.port,
    target: MARK_MASQ,
  };
  if (options.masqueradeAll) return [rule];
  return node.detectLocal.by === 'none' ? [] : [{ ...rule, ...localSource(node, '! ') }];
}

/** A KUBE-SEP chain: an endpoint that reaches itself must be masqueraded; then the DNAT. */
function endpointRules({ port, protocol, node }: Situation, endpoint: Endpoint, name: string): OwnChain {
  const comment = node.largeCluster ? {} : { comment: port.displayName };
  const recent = port.sessionAffinitySeconds > 0 ? { recent: { name } } : {};
  return ownChain(name, [
    { ...comment, source: endpoint.ip, target: MARK_MASQ },
    { ...comment, ...recent, protocol, target: `DNAT --to-destination ${endpoint.text}` },
  ]);
}

function localSource(node: NodeView, negation: '' | '! ' = ''): Pick<Rule, 'source' | 'inInterface'> {
  const detector = node.detectLocal;
  switch (detector.by) {
    case 'cidr':
      return { source: negation + detector.cidr };
    case 'bridge':
      return { inInterface: negation + detector.interface };
    case 'prefix':
      return { inInterface: `${negation}${detector.prefix}+` };
    case 'none':
      return {};
  }
}

function shared(chain: SharedRule['chain'], rule: Rule): SharedRule {
  return { chain, rule: formatRule(rule) };
}

function ownChain(chain: string, rules: readonly Rule[]): OwnChain {
  return { chain, lines: rules.map((rule) => `-A ${chain} ${formatRule(rule)}\n`).join('') };
}
