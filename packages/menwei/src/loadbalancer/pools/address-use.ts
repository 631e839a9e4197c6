/** Who has an address, and who else may have it, too (load-balancer § 4.4, 6). */
import { ipToNumber } from '@menwei/addresses/ip.ts';
import { quote } from '../../kubernetes/decode-text.ts';
import { compareAge } from './age.ts';
import type { AddressRequest, Trouble } from './allocation.ts';
import type { KnownPool } from './pool-catalog.ts';
import { SortedSet } from './sorted-set.ts';

/** Of an address with more ports it is not looked for others that have the same ones. */
const MAX_COMPARED_PORTS = 16;

/** Whoever joins pays for its own ports and nodes, not for the number of those that are there. */
export class AddressUse {
  readonly address: string;
  readonly number: bigint;
  /** Those that have the address, those without a problem first. */
  readonly pools: readonly KnownPool[];
  readonly #holders = new Map<string, AddressRequest>();
  readonly #byAge = new SortedSet<AddressRequest>(compareAge);
  readonly #byPort = new Map<string, AddressRequest>();
  #portsText = '';
  /** Those that share with the same namespaces, and are in the same one. */
  readonly #byNamespace = new Map<string, Map<string, AddressRequest>>();
  readonly #local = new Map<string, ReadonlySet<string>>();
  /** How many of the local ones a node is eligible for. */
  readonly #nodes = new Map<string, number>();

  constructor(address: string, pools: readonly KnownPool[]) {
    this.address = address;
    this.number = ipToNumber(address);
    this.pools = pools;
  }

  /** The oldest first. */
  get holders(): Iterable<AddressRequest> {
    return this.#byAge;
  }

  get oldest(): AddressRequest | undefined {
    return this.#byAge.first;
  }

  /** Equal for addresses with the same ports; of one with many ports, its own. */
  get portsText(): string {
    return this.#portsText;
  }

  hasPortOf(request: AddressRequest): boolean {
    return request.ports.some((port) => this.#byPort.has(portText(port)));
  }

  join(request: AddressRequest): void {
    this.#holders.set(request.service, request);
    this.#byAge.add(request);
    for (const port of request.ports) this.#byPort.set(portText(port), request);
    this.#portsText = this.#describePorts();
    const group = groupOf(request);
    const others = this.#byNamespace.get(group) ?? new Map<string, AddressRequest>();
    this.#byNamespace.set(group, others.set(request.service, request));
    const nodes = ownNodes(request);
    if (nodes === undefined) return;
    this.#local.set(request.service, nodes);
    for (const node of nodes) this.#nodes.set(node, (this.#nodes.get(node) ?? 0) + 1);
  }

  leave(service: string): void {
    const request = this.#holders.get(service);
    if (request === undefined) return;
    this.#holders.delete(service);
    this.#byAge.delete(request);
    for (const port of request.ports) this.#byPort.delete(portText(port));
    this.#portsText = this.#describePorts();
    const group = groupOf(request);
    const others = this.#byNamespace.get(group);
    others?.delete(service);
    if (others?.size === 0) this.#byNamespace.delete(group);
    if (!this.#local.delete(service)) return;
    for (const node of ownNodes(request) ?? []) {
      const count = (this.#nodes.get(node) ?? 0) - 1;
      if (count > 0) this.#nodes.set(node, count);
      else this.#nodes.delete(node);
    }
  }

  /**
   * Why somebody who does not have it may not have it, too. Nodes are not looked at: endpoints come and go, and must not take
   * an address from anybody.
   */
  whyNotKept(request: AddressRequest): Trouble | undefined {
    const other = this.#inTheWayOf(request);
    return other === undefined ? undefined : whyNotShared(this.address, request, other);
  }

  /** The same for somebody who would be given it now: some node must be eligible for all. */
  whyNotJoined(request: AddressRequest): Trouble | undefined {
    const trouble = this.whyNotKept(request);
    return trouble !== undefined || this.#hasNodeWith(request) ? trouble : this.noNodeForAll;
  }

  /** What is told to all but the oldest where no node is for all. */
  get noNodeForAll(): Trouble {
    const message = `${this.address} is shared with ${this.oldest?.service}, and no node has endpoints of all that share it`;
    return { reason: 'NoEligibleNode', message };
  }

  /** Whether some node is eligible for all that have it. */
  get hasCommonNode(): boolean {
    if (this.#local.size === 0) return true;
    const [nodes = new Set<string>()] = this.#local.values();
    return this.#hasCount(nodes, this.#local.size);
  }

  #describePorts(): string {
    return this.#byPort.size > MAX_COMPARED_PORTS ? this.address : [...this.#byPort.keys()].sort().join();
  }

  #hasNodeWith(request: AddressRequest): boolean {
    if (this.#holders.size === 0) return true;
    const nodes = ownNodes(request);
    return nodes === undefined ? this.hasCommonNode : this.#hasCount(nodes, this.#local.size);
  }

  #hasCount(nodes: ReadonlySet<string>, count: number): boolean {
    for (const node of nodes) if ((this.#nodes.get(node) ?? 0) === count) return true;
    return false;
  }

  #inTheWayOf(request: AddressRequest): AddressRequest | undefined {
    const { oldest } = this;
    if (oldest === undefined) return undefined;
    if (request.sharing === undefined || oldest.sharing?.key !== request.sharing.key) return oldest;
    const ofOtherNamespace = this.#oldestThatKeepsOut(request);
    if (ofOtherNamespace !== undefined) return ofOtherNamespace;
    for (const port of request.ports) {
      const other = this.#byPort.get(portText(port));
      if (other !== undefined) return other;
    }
    return undefined;
  }

  /** The oldest, so that it is the same one whatever the order in which they came. */
  #oldestThatKeepsOut(request: AddressRequest): AddressRequest | undefined {
    let oldest: AddressRequest | undefined;
    for (const group of this.#byNamespace.values()) {
      const [member] = group.values();
      if (member === undefined || shareNamespaces(request, member)) continue;
      for (const each of group.values())
        if (oldest === undefined || compareAge(each, oldest) < 0) oldest = each;
    }
    return oldest;
  }
}

/** Why two Services may not both have an address, as far as they say so themselves; undefined: they may. */
export function whyNotShared(
  address: string,
  request: AddressRequest,
  other: AddressRequest,
): Trouble | undefined {
  const used = `${address} is used by ${other.service}`;
  if (request.sharing === undefined) return { reason: 'AddressInUse', message: used };
  if (other.sharing === undefined) {
    return { reason: 'SharingKeyMismatch', message: `${used}, which shares it with nobody` };
  }
  if (other.sharing.key !== request.sharing.key) {
    return {
      reason: 'SharingKeyMismatch',
      message: `${used} with the sharing key ${quote(other.sharing.key)}, not ${quote(request.sharing.key)}`,
    };
  }
  if (!shareNamespaces(request, other)) {
    const message = `${used}, and one of both does not share with the namespace of the other`;
    return { reason: 'AddressInUse', message };
  }
  const ports = new Set(other.ports.map(portText));
  const both = request.ports.map(portText).filter((port) => ports.has(port));
  if (both.length === 0) return undefined;
  return { reason: 'PortConflict', message: `${used}, which has ${both.join(', ')}, too` };
}

/** Undefined: it is for any node to be the owner. Endpoints that are still to come are no reason to keep apart from the others. */
function ownNodes({ localNodes }: AddressRequest): ReadonlySet<string> | undefined {
  return localNodes?.size === 0 ? undefined : localNodes;
}

/** `80/TCP` */
function portText({ port, protocol }: AddressRequest['ports'][number]): string {
  return `${port}/${protocol}`;
}

function shareNamespaces(a: AddressRequest, b: AddressRequest): boolean {
  return a.namespace === b.namespace || (letsIn(a, b.namespace) && letsIn(b, a.namespace));
}

function letsIn({ sharing }: AddressRequest, namespace: string): boolean {
  if (sharing === undefined) return false;
  return sharing.namespaces === 'all' || sharing.namespaces.includes(namespace);
}

/** Names of namespaces have neither spaces nor commas. */
function groupOf({ namespace, sharing }: AddressRequest): string {
  const namespaces = sharing?.namespaces ?? [];
  return `${namespace} ${namespaces === 'all' ? '*' : namespaces.join(',')}`;
}
