/**
 * What of addresses and ports is not as it must be, and what would mend it (cluster § 9.6). Every write of a Service is one
 * transaction with all that is taken for it, so this finds only what came in another way: an object that a person wrote or
 * removed, a backup of another cluster, a flag that was changed. Told in the words of the reference's repair loops.
 */
import { type Cidr, cidrContains, familyOf, parseCidr, parseIp } from '@menwei/addresses/ip.ts';
import type { Steps } from '../../scheduling/steps.ts';
import { clusterIpsOf, type Service, specOf } from '../kinds/service/fields.ts';
import type { StoreView } from '../store/store.ts';
import { objectOf } from '../store/stored-object.ts';
import { IP_ADDRESSES, type IpAddress, isManaged, isOfService, takenIps } from './ip-address.ts';
import { heldPorts, type PortRange } from './node-port-pool.ts';

export interface AllocationFault {
  /** For programs: `ClusterIPNotAllocated`. */
  readonly reason: string;
  /** For people. */
  readonly message: string;
  /** The object that has it. */
  readonly about: Service | IpAddress;
  /** Undefined: only a person can mend it. */
  readonly mend?: Mend;
}

/** Takes the address for the Service, or removes the IPAddress. */
export type Mend =
  | { readonly action: 'take'; readonly ip: string; readonly service: Service }
  | { readonly action: 'release'; readonly address: IpAddress };

interface RepairOptions {
  readonly nodePorts: PortRange;
  /** Since the epoch. */
  readonly nowMs: number;
}

/** One that is younger may be that of a Service on its way. */
const LEAK_AGE_MS = 60_000;

/** Looks at all Services and IPAddresses as they are at the first step. */
export function* allocationFaults(
  view: StoreView,
  { nodePorts, nowMs }: RepairOptions,
): Steps<readonly AllocationFault[]> {
  const cidrs = cidrsOf(view);
  const stored = { services: [...view.list('services')], addresses: [...view.list(IP_ADDRESSES)] };
  const inventory = new Inventory(cidrs, nodePorts);
  for (const each of stored.addresses) {
    inventory.addAddress(objectOf(IP_ADDRESSES, each));
    yield;
  }
  for (const each of stored.services) {
    inventory.addService(objectOf('services', each));
    yield;
  }
  const faults: AllocationFault[] = [];
  for (const service of inventory.services()) {
    faults.push(...inventory.serviceFaults(service));
    yield;
  }
  for (const address of inventory.addresses()) {
    faults.push(...inventory.leakFaults(address, nowMs));
    yield;
  }
  return faults;
}

class Inventory {
  readonly #cidrs: readonly Cidr[];
  readonly #nodePorts: PortRange;
  readonly #addresses = new Map<string, IpAddress>();
  /** By `namespace/name`. */
  readonly #services = new Map<string, Service>();
  /** Whose it is if several have it: the IPAddress says, else it is that of the oldest. */
  readonly #ownerOfIp = new Map<string, Service>();
  readonly #ownerOfPort = new Map<number, Service>();

  constructor(cidrs: readonly Cidr[], nodePorts: PortRange) {
    this.#cidrs = cidrs;
    this.#nodePorts = nodePorts;
  }

  addresses(): Iterable<IpAddress> {
    return this.#addresses.values();
  }

  services(): Iterable<Service> {
    return this.#services.values();
  }

  addAddress(address: IpAddress): void {
    this.#addresses.set(address.metadata.name ?? '', address);
  }

  /** After all addresses. */
  addService(service: Service): void {
    this.#services.set(nameOf(service), service);
    for (const ip of takenIps(service)) {
      const address = this.#addresses.get(ip);
      const owner = this.#ownerOfIp.get(ip);
      const isOwner = address !== undefined && isOfService(address, service);
      const hasOwner = owner !== undefined && address !== undefined && isOfService(address, owner);
      if (isOwner || owner === undefined || (!hasOwner && isOlder(service, owner))) {
        this.#ownerOfIp.set(ip, service);
      }
    }
    for (const port of heldPorts(specOf(service))) {
      const owner = this.#ownerOfPort.get(port);
      if (owner === undefined || isOlder(service, owner)) this.#ownerOfPort.set(port, service);
    }
  }

  serviceFaults(service: Service): readonly AllocationFault[] {
    return [
      ...clusterIpsOf(specOf(service)).flatMap((text) => this.#addressFault(service, text) ?? []),
      ...[...new Set(heldPorts(specOf(service)))].flatMap((port) => this.#portFault(service, port) ?? []),
    ];
  }

  leakFaults(address: IpAddress, nowMs: number): readonly AllocationFault[] {
    const ip = address.metadata.name ?? '';
    // Others may write IPAddresses for what they like.
    if (!isManaged(address) || this.#ownerOfIp.has(ip)) return [];
    const release = { action: 'release', address } as const;
    const { resource, namespace = '', name = '' } = address.spec?.parentRef ?? {};
    const fault = (reason: string, message: string): readonly AllocationFault[] => [
      { reason, message, about: address, mend: release },
    ];
    const parent = `${namespace}/${name}`;
    if (resource !== 'services') {
      const message = `IPAddress: ${ip} appears to have been modified, not referencing a Service: cleaning up`;
      return fault('IPAddressNotAllocated', message);
    }
    if (this.#services.has(parent)) {
      const message = `IPAddress: ${ip} for Service ${parent} has a wrong reference; cleaning up`;
      return fault('IPAddressWrongReference', message);
    }
    if (nowMs - createdMs(address) <= LEAK_AGE_MS) return [];
    return fault(
      'IPAddressNotAllocated',
      `IPAddress: ${ip} for Service ${parent} appears to have leaked: cleaning up`,
    );
  }

  #addressFault(service: Service, text: string): AllocationFault | undefined {
    const ip = parseIp(text);
    if (ip === undefined) {
      const message = `Cluster IP ${text} is not a valid IP; please recreate service`;
      return { reason: 'ClusterIPNotValid', message, about: service };
    }
    const what = `Cluster IP [${familyOf(ip)}]: ${ip}`;
    if (!this.#cidrs.some((cidr) => cidrContains(cidr, ip))) {
      const message = `${what} is not within any configured Service CIDR; please recreate service`;
      return { reason: 'ClusterIPOutOfRange', message, about: service };
    }
    if (this.#ownerOfIp.get(ip) !== service) {
      const message = `${what} was assigned to multiple services; please recreate service`;
      return { reason: 'ClusterIPAlreadyAllocated', message, about: service };
    }
    const address = this.#addresses.get(ip);
    if (address !== undefined && isOfService(address, service)) return undefined;
    const why =
      address === undefined ? 'is not allocated' : `for Service ${nameOf(service)} has a wrong reference`;
    const mend = { action: 'take', ip, service } as const;
    return { reason: 'ClusterIPNotAllocated', message: `${what} ${why}; repairing`, about: service, mend };
  }

  #portFault(service: Service, port: number): AllocationFault | undefined {
    const { first, last } = this.#nodePorts;
    if (port < first || port > last) {
      const message = `Port ${port} is not within the port range ${first}-${last}; please recreate service`;
      return { reason: 'PortOutOfRange', message, about: service };
    }
    if (this.#ownerOfPort.get(port) === service) return undefined;
    const message = `Port ${port} was assigned to multiple services; please recreate service`;
    return { reason: 'PortAlreadyAllocated', message, about: service };
  }
}

/** Also of those that are not ready, or end: an address in one of them is where it should be. */
function cidrsOf(view: StoreView): readonly Cidr[] {
  return Array.from(view.list('servicecidrs')).flatMap((stored) => {
    const { spec } = objectOf('servicecidrs', stored);
    return (spec?.cidrs ?? []).flatMap((text) => parseCidr(text) ?? []);
  });
}

function nameOf({ metadata: { namespace = '', name = '' } }: Service): string {
  return `${namespace}/${name}`;
}

function isOlder(service: Service, other: Service): boolean {
  return createdMs(service) < createdMs(other);
}

/** The epoch of what can't be read: nobody is on the way with that. */
function createdMs({ metadata: { creationTimestamp = '' } }: Service | IpAddress): number {
  const ms = Date.parse(creationTimestamp);
  return Number.isNaN(ms) ? 0 : ms;
}
