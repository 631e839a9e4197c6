/**
 * What must become of a packet for a service port, said without any rule: the decision table of upstream (spec § 3.1)
 * in a few lines, to hold compiled rules against.
 */
import { formatHostPort, isLoopback } from '@menwei/addresses/ip.ts';
import { isLocalAddress, isWithin, type Machine, type Packet } from '@menwei/netfilter/trace/packet.ts';
import { answeredVIPs } from 'menwei/services/answered-vips.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import { categorizeEndpoints } from 'menwei/services/topology.ts';
import type { Endpoint, ServicePort } from 'menwei/state/service-port.ts';
import type { Mode, ModeOptions } from './modes.ts';

/** Everything but the service ports. */
interface Setting {
  readonly mode: Mode;
  readonly node: NodeView;
  readonly options: Pick<ModeOptions, 'masqueradeAll' | 'localhostNodePorts' | 'answeredVIPs'>;
  readonly machine: Machine;
}

interface Situation extends Setting {
  readonly port: ServicePort;
}

/** Where upstream's modes differ (spec § 5.8). */
interface Customs {
  /** NodePorts may be open on localhost. */
  readonly opensLocalhost: boolean;
  /** NodePorts that lead nowhere are refused on addresses too that take none. */
  readonly refusesClosedNodePorts: boolean;
  /** So is what the node itself sends to external addresses that lead nowhere. */
  readonly refusesOwnPackets: boolean;
  /** Source ranges come first: before it is asked for endpoints, and whatever else an address is. */
  readonly startsWithSourceRanges: boolean;
  /** Pods elsewhere are masqueraded too when they reach themselves. */
  readonly masqueradesHairpinsElsewhere: boolean;
  /** Addresses that Services have or could have lead nowhere else. */
  readonly guardsServiceAddresses: boolean;
  /** What the node itself sends is recognised, if it is such a packet. */
  readonly knowsOwnPackets: (setting: Setting, packet: Packet) => boolean;
}

const CUSTOMS: Readonly<Record<Mode, Customs>> = {
  iptables: {
    opensLocalhost: true,
    refusesClosedNodePorts: true,
    refusesOwnPackets: false,
    startsWithSourceRanges: false,
    masqueradesHairpinsElsewhere: true,
    guardsServiceAddresses: false,
    // By its source: a chain that packets come to from FORWARD and OUTPUT can't ask for anything else.
    knowsOwnPackets: ({ machine }, { inInterface, source }) =>
      inInterface !== undefined || isLocalAddress(source, machine),
  },
  nftables: {
    opensLocalhost: false,
    refusesClosedNodePorts: false,
    refusesOwnPackets: true,
    startsWithSourceRanges: true,
    masqueradesHairpinsElsewhere: false,
    guardsServiceAddresses: true,
    knowsOwnPackets: () => true,
  },
};

/** In the words of `describeWays`: `untouched` if no service port is concerned. */
export function decide(setting: Setting, ports: readonly ServicePort[], packet: Packet): string {
  for (const port of ports) {
    const end = route({ ...setting, port }, packet);
    if (end !== 'untouched') return end;
  }
  return decideBesidePorts(setting, ports, packet);
}

function decideBesidePorts(setting: Setting, ports: readonly ServicePort[], packet: Packet): string {
  const { mode, node, machine, options } = setting;
  const { inInterface, destination, destinationPort, protocol } = packet;
  const isForNode = inInterface !== undefined && isLocalAddress(destination, machine);
  const isAnswered =
    !isForNode &&
    !isLocalAddress(destination, machine) &&
    ports.some((port) => answeredVIPs(port, options.answeredVIPs).includes(destination));
  const isPing = isAnswered && protocol === 'ICMP';
  if (isPing && node.ownIP !== undefined) return formatHostPort(node.ownIP, destinationPort);
  const guards = CUSTOMS[mode].guardsServiceAddresses && !isForNode;
  if (guards && ports.some(({ clusterIP }) => clusterIP === destination)) return 'REJECT';
  if (guards && node.serviceCIDRs.some((range) => isWithin(range, destination))) return 'DROP';
  return isAnswered && CUSTOMS[mode].knowsOwnPackets(setting, packet) ? 'REJECT' : 'untouched';
}

function route(situation: Situation, packet: Packet): string {
  const { port, machine } = situation;
  const { destination, destinationPort } = packet;
  if (packet.protocol !== port.protocol) return 'untouched';
  if (destinationPort === port.nodePort && isLocalAddress(destination, machine)) {
    const isOpen = takesNodePorts(situation, destination);
    return routeExternal(situation, packet, isOpen ? 'open' : 'closed');
  }
  if (destinationPort !== port.port) return 'untouched';
  if (destination === port.clusterIP) return routeInternal(situation, packet);
  return routeExternalAddress(situation, packet);
}

function takesNodePorts({ mode, node, options }: Situation, ip: string): boolean {
  if (isLoopback(ip) && !(options.localhostNodePorts && CUSTOMS[mode].opensLocalhost)) return false;
  return node.nodePortAddresses === 'all' || node.nodePortAddresses.includes(ip);
}

function routeExternalAddress(situation: Situation, packet: Packet): string {
  const { port, mode } = situation;
  const isVIP = port.loadBalancerVIPs.includes(packet.destination);
  const isForbidden = isVIP && !isInRanges(situation, packet.source);
  if (isForbidden && CUSTOMS[mode].startsWithSourceRanges) return 'DROP';
  // Whoever may use an address as external IP may use it, whatever the load balancer says.
  if (port.externalIPs.includes(packet.destination)) return routeExternal(situation, packet, 'open');
  if (!isVIP) return 'untouched';
  return routeExternal(situation, packet, isForbidden ? 'forbidden' : 'open');
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
  const { port, mode, node, machine } = situation;
  if (door === 'closed' && !CUSTOMS[mode].refusesClosedNodePorts) return 'untouched';
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

/** In iptables mode, what the node sends elsewhere passes nothing that could refuse it but the source ranges. */
function refusal({ port, mode, machine }: Situation, packet: Packet, verdict: 'DROP' | 'REJECT'): string {
  const isLeaving = packet.inInterface === undefined && !isLocalAddress(packet.destination, machine);
  const isFirewalled =
    port.loadBalancerSourceRanges !== undefined && port.loadBalancerVIPs.includes(packet.destination);
  if (CUSTOMS[mode].refusesOwnPackets || !isLeaving || (isFirewalled && verdict === 'DROP')) return verdict;
  return 'untouched';
}

function isInRanges({ port, node }: Situation, source: string): boolean {
  const ranges = port.loadBalancerSourceRanges;
  const allows = (ip: string) => ranges === undefined || ranges.some((range) => isWithin(range, ip));
  const allowsNode = node.ip !== undefined && allows(node.ip);
  return allows(source) || (allowsNode && port.loadBalancerVIPs.includes(source));
}

function isFromPodHere({ detectLocal }: NodeView, { source, inInterface = '' }: Packet): boolean {
  switch (detectLocal.by) {
    case 'cidr':
      return isWithin(detectLocal.cidr, source);
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
  { mode, machine }: Situation,
  packet: Packet,
  endpoints: readonly Endpoint[],
  masquerade: boolean,
): string {
  const ends = endpoints.map(({ ip, text, isLocal }) => {
    const stays = packet.inInterface !== undefined && isLocalAddress(ip, machine);
    const isHairpin = ip === packet.source && (isLocal || CUSTOMS[mode].masqueradesHairpinsElsewhere);
    return (masquerade || isHairpin) && !stays ? `${text}*` : text;
  });
  return ends.sort().join(' ');
}
