/**
 * What must become of a packet for a service port, said without any rule: the decision table of upstream (spec § 3.1)
 * in a few lines, to hold compiled rules against.
 */
import { cidrContains, isLoopback, parseCidr } from '../../src/addresses/ip.ts';
import type { IptablesOptions } from '../../src/backends/iptables/options.ts';
import type { NodeView } from '../../src/services/node-view.ts';
import type { Endpoint, ServicePort } from '../../src/services/service-port.ts';
import { categorizeEndpoints } from '../../src/services/topology.ts';
import { isLocalAddress, type Machine, type Packet } from './packet.ts';

export interface Situation {
  readonly port: ServicePort;
  readonly node: NodeView;
  readonly options: Pick<IptablesOptions, 'masqueradeAll' | 'localhostNodePorts'>;
  readonly machine: Machine;
}

/** In the words of `describeWays`: `untouched` if the packet is not for this port. */
export function route(situation: Situation, packet: Packet): string {
  const { port, machine } = situation;
  const { destination, destinationPort } = packet;
  if (packet.protocol !== port.protocol) return 'untouched';
  if (destinationPort === port.nodePort && isLocalAddress(destination, machine)) {
    const isOpen = takesNodePorts(situation, destination);
    return routeExternal(situation, packet, isOpen ? 'open' : 'closed');
  }
  if (destinationPort !== port.port) return 'untouched';
  if (destination === port.clusterIP) return routeInternal(situation, packet);
  // Whoever may use an address as external IP may use it, whatever the load balancer says.
  if (port.externalIPs.includes(destination)) return routeExternal(situation, packet, 'open');
  if (!port.loadBalancerVIPs.includes(destination)) return 'untouched';
  return routeExternal(situation, packet, isInRanges(situation, packet.source) ? 'open' : 'forbidden');
}

function takesNodePorts({ node, options }: Situation, ip: string): boolean {
  if (isLoopback(ip) && !options.localhostNodePorts) return false;
  return node.nodePortAddresses === 'all' || node.nodePortAddresses.includes(ip);
}

function routeInternal(situation: Situation, packet: Packet): string {
  const { port, node, options } = situation;
  const { clusterEndpoints, localEndpoints, hasAnyEndpoints } = categorizeEndpoints(port, node);
  const endpoints = port.internalPolicyLocal ? localEndpoints : clusterEndpoints;
  if (endpoints.length === 0) return hasAnyEndpoints ? 'DROP' : 'REJECT';
  const isForeign = node.detectLocal.by !== 'none' && !isFromPodHere(node, packet);
  return spread(situation, packet, endpoints, options.masqueradeAll || isForeign);
}

function routeExternal(situation: Situation, packet: Packet, door: 'open' | 'closed' | 'forbidden'): string {
  const { port, node, machine } = situation;
  const { clusterEndpoints, localEndpoints, hasAnyEndpoints } = categorizeEndpoints(port, node);
  const isUnreachable = port.externalPolicyLocal && localEndpoints.length === 0;
  if (!hasAnyEndpoints) return refusal(situation, packet, 'REJECT');
  if (door === 'forbidden') return 'DROP';
  if (door === 'closed') return isUnreachable ? refusal(situation, packet, 'DROP') : 'untouched';
  if (!port.externalPolicyLocal) return spread(situation, packet, clusterEndpoints, true);
  if (isFromPodHere(node, packet)) return spread(situation, packet, clusterEndpoints, false);
  if (isLocalAddress(packet.source, machine)) return spread(situation, packet, clusterEndpoints, true);
  if (isUnreachable) return refusal(situation, packet, 'DROP');
  return spread(situation, packet, localEndpoints, false);
}

/** What the node sends elsewhere passes nothing that could refuse it but the firewall of source ranges. */
function refusal({ port, machine }: Situation, packet: Packet, verdict: 'DROP' | 'REJECT'): string {
  const isLeaving = packet.inInterface === undefined && !isLocalAddress(packet.destination, machine);
  const isFirewalled =
    port.loadBalancerSourceRanges.length > 0 && port.loadBalancerVIPs.includes(packet.destination);
  return isLeaving && !(isFirewalled && verdict === 'DROP') ? 'untouched' : verdict;
}

function isInRanges({ port, node }: Situation, source: string): boolean {
  const ranges = port.loadBalancerSourceRanges.flatMap((range) => parseCidr(range) ?? []);
  const allows = (ip: string) => ranges.length === 0 || ranges.some((range) => cidrContains(range, ip));
  const allowsNode = node.ip !== undefined && allows(node.ip);
  return allows(source) || (allowsNode && port.loadBalancerVIPs.includes(source));
}

function isFromPodHere({ detectLocal }: NodeView, { source, inInterface = '' }: Packet): boolean {
  switch (detectLocal.by) {
    case 'cidr': {
      const cidr = parseCidr(detectLocal.cidr);
      return cidr !== undefined && cidrContains(cidr, source);
    }
    case 'bridge':
      return inInterface === detectLocal.interface;
    case 'prefix':
      return inInterface.startsWith(detectLocal.prefix);
    case 'none':
      return false;
  }
}

/** A pod that reaches itself is masqueraded in any case; nobody is whose packet comes in and stays on the node. */
function spread(
  { machine }: Situation,
  packet: Packet,
  endpoints: readonly Endpoint[],
  masquerade: boolean,
): string {
  const ends = endpoints.map(({ ip, text }) => {
    const stays = packet.inInterface !== undefined && isLocalAddress(ip, machine);
    return (masquerade || ip === packet.source) && !stays ? `${text}*` : text;
  });
  return ends.sort().join(' ');
}
