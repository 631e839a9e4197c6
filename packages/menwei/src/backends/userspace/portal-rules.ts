/** The ways into a service port, and the rules that lead from each to a listener (spec § 7.4). */
import { isLoopback } from '@menwei/addresses/ip.ts';
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import type { RelayProtocol } from '../../relay/contract.ts';
import type { NodeView } from '../../services/node-view.ts';
import { sourceRangesAllowNode } from '../../services/situation.ts';
import type { ServicePort } from '../../state/service-port.ts';
import type { Source } from '../xtables/pod-source.ts';
import type { SharedRule } from '../xtables/shared-chains.ts';
import {
  NODE_PORT_CONTAINER,
  NODE_PORT_HOST,
  NODE_PORT_NON_LOCAL,
  PORTALS_CONTAINER,
  PORTALS_HOST,
} from './names.ts';
import type { UserspaceOptions } from './options.ts';
import { anybody, narrowToNode, podsHere, type Ranges } from './sources.ts';
import type { Lead, ListenerName, PortalRule } from './unit.ts';

/** Where relays listen, and how packets get there. */
interface Addressing {
  readonly ip: string;
  /** From outside. */
  readonly outside: Lead;
  /** From the node itself and its pods. */
  readonly local: Lead;
}

interface Portal {
  readonly port: ServicePort;
  readonly node: NodeView;
  readonly options: UserspaceOptions;
  readonly addressing: Addressing;
}

/**
 * TCP connections answer from the address that they came to, so their listeners may have the wildcard. A datagram on the
 * wildcard would be answered from any address of the machine, and the kernel would not know whose answer it is.
 */
export function addressingOf(
  protocol: RelayProtocol,
  { ip: nodeIP }: NodeView,
  { family, listenIP }: UserspaceOptions,
): Addressing {
  const wildcard = family === 'IPv4' ? '0.0.0.0' : '::';
  const only = listenIP ?? (protocol === 'UDP' ? nodeIP : undefined);
  if (only !== undefined) {
    const dnat = { dnat: only };
    return { ip: only, outside: dnat, local: dnat };
  }
  return { ip: wildcard, outside: 'redirect', local: nodeIP === undefined ? 'redirect' : { dnat: nodeIP } };
}

/** What each way in leads to, whether or not there are endpoints. Some rules may come twice. */
export function portalRules(portal: Portal): readonly PortalRule[] {
  const { externalIPs, loadBalancerVIPs } = portal.port;
  return [
    ...clusterIPRules(portal),
    ...externalIPs.flatMap((ip) => externalRules(portal, ip, undefined)),
    ...loadBalancerVIPs.flatMap((ip) => externalRules(portal, ip, portal.port.loadBalancerSourceRanges)),
    ...nodePortRules(portal),
  ];
}

/**
 * An endpoint on the node may have the very address that is a way in, as a pod of the host's network with an external IP.
 * A relay that connects to it must not come back to itself.
 */
export function loopGuards({ port }: Portal): readonly SharedRule[] {
  const addresses = [port.clusterIP, ...port.externalIPs, ...port.loadBalancerVIPs];
  return port.endpoints.flatMap((endpoint) => {
    const chains = [
      ...(endpoint.port === port.port && addresses.includes(endpoint.ip) ? [PORTALS_HOST] : []),
      ...(endpoint.port === port.nodePort && endpoint.isLocal ? [NODE_PORT_HOST] : []),
    ];
    const match = { ...portMatch(port, endpoint.port), destination: endpoint.ip };
    return chains.map((chain) => ({ chain, rule: { ...match, target: 'RETURN' } }));
  });
}

function clusterIPRules(portal: Portal): readonly PortalRule[] {
  const { clusterIP, internalPolicyLocal } = portal.port;
  if (clusterIP === undefined) return [];
  const match = addressMatch(portal, clusterIP);
  const listener = internalPolicyLocal ? 'local' : 'cluster';
  return [
    ...incoming(portal, match, undefined, { pods: listener, others: listener }),
    { ...outgoing(portal, match), listener },
  ];
}

/** Who is in none of the ranges meets no rule here, and one that drops in the filter table. */
function externalRules(portal: Portal, ip: string, ranges: Ranges): readonly PortalRule[] {
  const { port, node } = portal;
  const match = addressMatch(portal, ip);
  const own = sourceRangesAllowNode(port, node) ? port.loadBalancerVIPs : [];
  return [
    ...incoming(portal, match, ranges, externalListeners(port)),
    ...anybody(ranges && [...ranges, ...own]).map((source) => outgoing(portal, { ...match, ...source })),
  ];
}

function nodePortRules(portal: Portal): readonly PortalRule[] {
  const { port, node, options } = portal;
  if (port.nodePort === 0) return [];
  const { nodePortAddresses } = node;
  const addresses: readonly Rule[] =
    nodePortAddresses === 'all'
      ? [{}]
      : nodePortAddresses
          .filter((ip) => options.localhostNodePorts || !isLoopback(ip))
          .map((destination) => ({ destination }));
  const rules = addresses.flatMap((address) => {
    const match = { ...portMatch(port, port.nodePort), ...address };
    return [
      ...incoming(portal, match, undefined, externalListeners(port), NODE_PORT_CONTAINER),
      outgoing(portal, match, NODE_PORT_HOST),
    ];
  });
  return [...rules, ...rules.map(({ listener }) => openPort(portal, listener))];
}

/** Who comes in over the network is led to which listener. */
interface Incoming {
  readonly pods: ListenerName;
  readonly others: ListenerName;
}

/** The pods of this node reach all endpoints, whatever the policy. */
function externalListeners({ externalPolicyLocal }: ServicePort): Incoming {
  return { pods: 'cluster', others: externalPolicyLocal ? 'local' : 'cluster' };
}

/**
 * Of what others send. A packet is redirected to an address of the interface that it came in by, and dropped if there is
 * none: with many networks that is so where pods come in, so theirs are led to the node's own address.
 */
function incoming(
  { node, addressing }: Portal,
  match: Rule,
  ranges: Ranges,
  { pods, others }: Incoming,
  chain: PortalRule['chain'] = PORTALS_CONTAINER,
): readonly PortalRule[] {
  const rules = (sources: readonly Source[], listener: ListenerName, does: Lead) =>
    sources.map((source): PortalRule => ({ chain, rule: { ...match, ...source }, listener, does }));
  const ofNode = chain === NODE_PORT_CONTAINER ? narrowToNode(node) : node.detectLocal;
  const leadsElsewhere = addressing.local !== addressing.outside;
  return [
    ...(pods === others ? [] : rules(podsHere(ofNode, ranges), pods, addressing.local)),
    ...(leadsElsewhere && (pods === others || ofNode !== node.detectLocal)
      ? rules(podsHere(node.detectLocal, ranges), others, addressing.local)
      : []),
    ...rules(anybody(ranges), others, addressing.outside),
  ];
}

/** The node itself reaches all endpoints, whatever the external policy. */
function outgoing({ addressing }: Portal, rule: Rule, chain: PortalRule['chain'] = PORTALS_HOST): PortalRule {
  return { chain, rule, listener: 'cluster', does: addressing.local };
}

/** A firewall of the node's has no reason to know the port of a relay. */
function openPort({ port }: Portal, listener: ListenerName): PortalRule {
  const rule: Rule = {
    comment: port.displayName,
    protocol: port.protocol.toLowerCase(),
    connectionState: 'NEW',
  };
  return { chain: NODE_PORT_NON_LOCAL, rule, listener, does: 'accept' };
}

function addressMatch({ port }: Portal, ip: string): Rule {
  return { ...portMatch(port, port.port), destination: ip };
}

function portMatch(port: ServicePort, number: number): Rule {
  return { comment: port.displayName, protocol: port.protocol.toLowerCase(), destinationPort: number };
}
