/** The service ports whose conntrack entries outlive what the rules say, by their frontends. */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { ConntrackAddress } from '@menwei/netlink/conntrack';
import type { Protocol } from '../kubernetes/objects.ts';
import type { AppliedPort, ServicePort, ServicePortKey } from '../state/service-port.ts';

/** `10.96.0.10:53/UDP`; or, of the node's own addresses, whichever they are, `port 30053/UDP`. */
export type AddressKey = string;

/** Where clients connect to. */
export interface Frontend {
  /** Undefined for a node port. */
  readonly ip?: string;
  readonly port: number;
}

export function addressKey(protocol: Protocol, { ip, port }: ConntrackAddress): AddressKey {
  return `${formatHostPort(ip, port)}/${protocol}`;
}

export function nodePortKey(protocol: Protocol, port: number): AddressKey {
  return `port ${port}/${protocol}`;
}

/** All frontends of a service port. */
export function frontendsOf(service: ServicePort): ReadonlyMap<AddressKey, Frontend> {
  const { protocol, clusterIP, externalIPs, loadBalancerVIPs, nodePort, port } = service;
  const frontends = new Map<AddressKey, Frontend>();
  for (const ip of [clusterIP, ...externalIPs, ...loadBalancerVIPs]) {
    if (ip !== undefined) frontends.set(addressKey(protocol, { ip, port }), { ip, port });
  }
  if (nodePort !== 0) frontends.set(nodePortKey(protocol, nodePort), { port: nodePort });
  return frontends;
}

/** All service ports with entries of a kind, and which of them owns which frontend. */
export class FrontendIndex {
  readonly #ports = new Map<ServicePortKey, AppliedPort>();
  readonly #owners = new Map<AddressKey, AppliedPort>();

  get ports(): ReadonlyMap<ServicePortKey, AppliedPort> {
    return this.#ports;
  }

  ownerOf(frontend: AddressKey): AppliedPort | undefined {
    return this.#owners.get(frontend);
  }

  /** Takes in what changed; undefined: it is gone. */
  update(changes: ReadonlyMap<ServicePortKey, AppliedPort | undefined>): void {
    // All go before one comes: an address may pass from one to the other.
    for (const key of changes.keys()) {
      const former = this.#ports.get(key);
      if (former === undefined) continue;
      for (const frontend of frontendsOf(former).keys()) this.#owners.delete(frontend);
      this.#ports.delete(key);
    }
    for (const [key, port] of changes) {
      if (port === undefined) continue;
      for (const frontend of frontendsOf(port).keys()) this.#owners.set(frontend, port);
      this.#ports.set(key, port);
    }
  }
}
