/**
 * The service ports whose flows outlive what the rules say, by the ways into them: those of UDP and SCTP. A TCP
 * connection to an endpoint that is gone ends by itself.
 */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { ConntrackAddress } from '@menwei/netlink/conntrack';
import type { Protocol } from '../kubernetes/objects.ts';
import type { AppliedPort, Destination, ServicePort, ServicePortKey } from '../state/service-port.ts';

/** `10.96.0.10:53/UDP`; or, of the node's own addresses, whichever they are, `port 30053/UDP`. */
export type Place = string;

/** Where a flow comes in. */
export interface Entrance {
  /** Undefined for a node port. */
  readonly ip?: string;
  readonly port: number;
}

export function placeOf(protocol: Protocol, { ip, port }: ConntrackAddress): Place {
  return `${formatHostPort(ip, port)}/${protocol}`;
}

export function nodePortPlace(protocol: Protocol, port: number): Place {
  return `port ${port}/${protocol}`;
}

/** All ways into a service port. */
export function entrancesOf(service: ServicePort): ReadonlyMap<Place, Entrance> {
  const { protocol, clusterIP, externalIPs, loadBalancerVIPs, nodePort, port } = service;
  const entrances = new Map<Place, Entrance>();
  for (const ip of [clusterIP, ...externalIPs, ...loadBalancerVIPs]) {
    if (ip !== undefined) entrances.set(placeOf(protocol, { ip, port }), { ip, port });
  }
  if (nodePort !== 0) entrances.set(nodePortPlace(protocol, nodePort), { port: nodePort });
  return entrances;
}

/**
 * Where a flow may lead: to the endpoints that serve, terminating or not, whatever policies and hints say (spec § 8), and to
 * those that are ready without serving, as publishNotReadyAddresses has it; or to where the mode leads it instead.
 */
export function usableDestinations({
  protocol,
  endpoints,
  destinations,
}: AppliedPort): ReadonlyMap<Place, Destination> {
  const usable = destinations ?? endpoints.filter(({ serving, ready }) => serving || ready);
  return new Map(usable.map((destination) => [placeOf(protocol, destination), destination]));
}

export function hasLastingFlows({ protocol }: ServicePort): boolean {
  return protocol !== 'TCP';
}

/** All service ports with lasting flows, and which of them owns which way in. */
export class FrontendIndex {
  readonly #ports = new Map<ServicePortKey, AppliedPort>();
  readonly #owners = new Map<Place, AppliedPort>();

  get ports(): ReadonlyMap<ServicePortKey, AppliedPort> {
    return this.#ports;
  }

  ownerOf(entrance: Place): AppliedPort | undefined {
    return this.#owners.get(entrance);
  }

  /** Takes in what changed; undefined: it is gone. */
  update(changes: ReadonlyMap<ServicePortKey, AppliedPort | undefined>): void {
    // All go before one comes: an address may pass from one to the other.
    for (const key of changes.keys()) {
      const former = this.#ports.get(key);
      if (former === undefined) continue;
      for (const entrance of entrancesOf(former).keys()) this.#owners.delete(entrance);
      this.#ports.delete(key);
    }
    for (const [key, port] of changes) {
      if (port === undefined) continue;
      for (const entrance of entrancesOf(port).keys()) this.#owners.set(entrance, port);
      this.#ports.set(key, port);
    }
  }
}
