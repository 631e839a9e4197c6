/**
 * Who announces which address, kept up to date: a change of a Service or a node costs what hangs on it. What it decides
 * depends on the Services and nodes alone, and not on how they came to be so: every node of a cluster decides the same.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ObjectKey } from '../../state/object-key.ts';
import { addTo, removeFrom } from '../../state/sets-by-key.ts';
import type { AnnouncingNode } from './announcing-node.ts';
import { type AddressUser, type Eligibility, type EligibilityOptions, eligibleNodes } from './eligibility.ts';
import { compareAddresses, type Decision, decideOwners } from './owners.ts';

/** A Service with addresses that are to be announced. */
export interface AnnouncedService extends Pick<AddressUser, 'service' | 'createdAtMs' | 'policy'> {
  readonly addresses: readonly (Pick<AddressUser, 'endpointNodes' | 'advertisements'> & {
    readonly address: string;
  })[];
}

export class Election {
  readonly #options: EligibilityOptions;
  readonly #services = new Map<ObjectKey, AnnouncedService>();
  readonly #nodes = new Map<string, AnnouncingNode>();
  /** Which Services have an address. */
  readonly #users = new Map<string, Set<ObjectKey>>();
  readonly #decisions = new Map<string, Decision>();
  readonly #ownedBy = new Map<string, Set<string>>();
  readonly #unsettled = new Set<string>();
  readonly #dirty = new Set<string>();

  constructor(options: EligibilityOptions) {
    this.#options = options;
  }

  get nodes(): ReadonlyMap<string, AnnouncingNode> {
    return this.#nodes;
  }

  /** Of all addresses. */
  get decisions(): ReadonlyMap<string, Decision> {
    return this.#decisions;
  }

  putService(service: AnnouncedService): void {
    const before = this.#services.get(service.service);
    if (isDeepStrictEqual(before, service)) return;
    this.deleteService(service.service);
    this.#services.set(service.service, service);
    for (const { address } of service.addresses) {
      addTo(this.#users, address, service.service);
      this.#dirty.add(address);
    }
  }

  deleteService(key: ObjectKey): void {
    for (const { address } of this.#services.get(key)?.addresses ?? []) {
      removeFrom(this.#users, address, key);
      this.#dirty.add(address);
    }
    this.#services.delete(key);
  }

  putNode(node: AnnouncingNode): void {
    const before = this.#nodes.get(node.name);
    if (isDeepStrictEqual(before, node)) return;
    this.#nodes.set(node.name, node);
    if (before === undefined || !isDeepStrictEqual({ ...before, claims: 0 }, { ...node, claims: 0 })) {
      this.#noteNode(node.name);
      for (const address of node.claims.keys()) this.#note(address);
    }
    for (const [address, sinceMs] of node.claims)
      if (before?.claims.get(address) !== sinceMs) this.#note(address);
    for (const address of before?.claims.keys() ?? []) if (!node.claims.has(address)) this.#note(address);
  }

  deleteNode(name: string): void {
    if (this.#nodes.delete(name)) this.#noteNode(name);
  }

  /** Decides what has to be decided anew. The addresses whose decision is another than before, or that nobody has any more. */
  decide(): readonly string[] {
    const changed: string[] = [];
    while (this.#dirty.size > 0) {
      const [address = ''] = this.#dirty;
      const { addresses, services } = this.groupOf(address);
      for (const one of addresses) this.#dirty.delete(one);
      const group = addresses.map((one) => ({ address: one, eligibility: this.eligibility(one) }));
      const decided = new Map(
        decideOwners(
          group,
          services.map((service) => service.addresses.map((one) => one.address)),
        ).map((one) => [one.address, one]),
      );
      for (const one of addresses) if (this.#record(one, decided.get(one))) changed.push(one);
    }
    return changed;
  }

  /** Of a Service. */
  addressesOf(service: ObjectKey): readonly string[] {
    return this.#services.get(service)?.addresses.map(({ address }) => address) ?? [];
  }

  /** The Services that have the address, oldest first. */
  users(address: string): readonly AddressUser[] {
    const services = [...(this.#users.get(address) ?? [])].flatMap((key) => this.#services.get(key) ?? []);
    return services.sort(olderFirst).flatMap(({ service, createdAtMs, policy, addresses }) =>
      addresses
        .filter((one) => one.address === address)
        .map(({ endpointNodes, advertisements }) => ({
          service,
          createdAtMs,
          policy,
          endpointNodes,
          advertisements,
        })),
    );
  }

  /** Who may have the address now, and why others may not. */
  eligibility(address: string): Eligibility {
    return eligibleNodes(address, this.users(address), this.#nodes.values(), this.#options);
  }

  /** Whatever hangs together with the address because Services have several or share some. */
  groupOf(first: string): {
    readonly addresses: readonly string[];
    readonly services: readonly AnnouncedService[];
  } {
    const addresses = new Set([first]);
    const services = new Set<AnnouncedService>();
    for (const address of addresses) {
      for (const key of this.#users.get(address) ?? []) {
        const service = this.#services.get(key);
        if (service === undefined) continue;
        services.add(service);
        for (const other of service.addresses) addresses.add(other.address);
      }
    }
    return { addresses: [...addresses].sort(compareAddresses), services: [...services].sort(olderFirst) };
  }

  #record(address: string, decision: Decision | undefined): boolean {
    const before = this.#decisions.get(address);
    const isUsed = this.#users.has(address);
    const after = isUsed ? decision : undefined;
    if (before?.owner !== undefined) removeFrom(this.#ownedBy, before.owner.name, address);
    if (after?.owner !== undefined) addTo(this.#ownedBy, after.owner.name, address);
    if (after === undefined) this.#decisions.delete(address);
    else this.#decisions.set(address, after);
    if (after === undefined || after.isSettled) this.#unsettled.delete(address);
    else this.#unsettled.add(address);
    return !isDeepStrictEqual(before, after);
  }

  /** What it owns may have to go elsewhere, and it may be eligible for what has not found its owner yet. */
  #noteNode(name: string): void {
    for (const address of this.#ownedBy.get(name) ?? []) this.#dirty.add(address);
    for (const address of this.#unsettled) this.#dirty.add(address);
  }

  #note(address: string): void {
    if (this.#users.has(address)) this.#dirty.add(address);
  }
}

function olderFirst(a: AnnouncedService, b: AnnouncedService): number {
  return a.createdAtMs - b.createdAtMs || (a.service < b.service ? -1 : 1);
}
