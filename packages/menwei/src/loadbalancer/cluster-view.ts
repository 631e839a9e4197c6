/**
 * What the controller knows of the objects, and which Services a change of them concerns: a reader of the tables. A change
 * costs as much as it concerns.
 */

import { isDeepStrictEqual } from 'node:util';
import type { AddressPool, Lease, Namespace } from '../kubernetes/load-balancer-objects.ts';
import type { Node, Service } from '../kubernetes/objects.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../state/object-key.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { Change, Reader } from '../state/reader.ts';
import { addTo, removeFrom } from '../state/sets-by-key.ts';
import { SlicesByService } from '../state/slices-by-service.ts';
import type { StoredSlice } from '../state/stored-slice.ts';
import { type Claim, type ClaimOptions, claimOf } from './claim.ts';
import { describeNoNodes, isSameForBalancers, type NodeSetOptions, whyExcluded } from './node-set.ts';
import type { AddressRequest } from './pools/allocation.ts';
import { readRequest } from './pools/read-request.ts';
import { isSameButStatus } from './service-difference.ts';

/** What has changed since the last look. */
export interface ViewChanges {
  /** Services that are to be looked at again, in the order in which they changed. */
  readonly services: ReadonlySet<ObjectKey>;
  /** Others of which only the status is another one: most often what was written by ourselves. */
  readonly statuses: ReadonlySet<ObjectKey>;
  readonly leases: readonly Change<Lease>[];
  readonly pools: boolean;
  readonly nodes: boolean;
}

export class ClusterView {
  readonly #objects: ObjectTables;
  readonly #claims: ClaimOptions;
  readonly #nodeOptions: NodeSetOptions;
  readonly #services: Reader<Service>;
  readonly #slices: Reader<StoredSlice>;
  readonly #nodes: Reader<Node>;
  readonly #namespaces: Reader<Namespace>;
  readonly #leases: Reader<Lease>;
  readonly #pools: Reader<AddressPool>;
  readonly #slicesByService = new SlicesByService();
  readonly #managedIn = new Map<string, Set<ObjectKey>>();
  /** Those that look at nodes: of classes that send traffic to them, and those that wait for one. */
  readonly #dependOnNodes = new Set<ObjectKey>();
  #eligible: readonly Node[] = [];
  #noNodes: string | undefined = 'there are no nodes';
  /** How many objects were looked at, for who measures. */
  looks = 0;

  constructor(
    objects: ObjectTables,
    { claims, nodes }: { readonly claims: ClaimOptions; readonly nodes: NodeSetOptions },
    onChange: () => void,
  ) {
    this.#objects = objects;
    this.#claims = claims;
    this.#nodeOptions = nodes;
    this.#services = objects.services.reader(onChange);
    this.#slices = objects.endpointSlices.reader(onChange);
    this.#nodes = objects.nodes.reader(onChange);
    this.#namespaces = objects.namespaces.reader(onChange);
    this.#leases = objects.leases.reader(onChange);
    this.#pools = objects.addressPools.reader(onChange);
  }

  /** Something has changed since {@link take} was called last. */
  get hasNews(): boolean {
    return this.#readers.some(({ unreadCount }) => unreadCount > 0);
  }

  get #readers(): readonly Pick<Reader<unknown>, 'unreadCount' | 'close'>[] {
    return [this.#services, this.#slices, this.#nodes, this.#namespaces, this.#leases, this.#pools];
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  /** Nodes that may have traffic of load balancers. */
  get eligibleNodes(): readonly Node[] {
    return this.#eligible;
  }

  /** Names of all nodes by their addresses. */
  get nodesByAddress(): ReadonlyMap<string, string> {
    return new Map(
      Array.from(this.#objects.nodes.rows.values()).flatMap(({ name, internalIPs, externalIPs }) =>
        [...internalIPs, ...externalIPs].map((ip) => [ip, name] as const),
      ),
    );
  }

  /** Why there is none; undefined: there is one. */
  get noNodes(): string | undefined {
    return this.#noNodes;
  }

  /** Keys of all Services that are to have a load balancer of ours. */
  *managed(): Iterable<ObjectKey> {
    for (const keys of this.#managedIn.values()) yield* keys;
  }

  service(key: ObjectKey): Service | undefined {
    return this.#objects.services.get(key);
  }

  claim(key: ObjectKey): Claim {
    return claimOf(this.service(key), this.#claims);
  }

  namespaceLabels(namespace: string): ReadonlyMap<string, string> {
    return this.#objects.namespaces.get(objectKey('', namespace))?.labels ?? new Map();
  }

  slicesOf(key: ObjectKey): readonly StoredSlice[] {
    return this.#slicesByService.of(key);
  }

  /** Nodes that have an endpoint of the Service which is ready or serving; those of which nobody knows the node under ''. */
  endpointNodes(key: ObjectKey): ReadonlySet<string> {
    return new Set(this.slicesOf(key).flatMap(({ nodes }) => [...(nodes?.keys() ?? [])]));
  }

  /** What it asks of the pools; undefined: nothing. */
  addressRequest(key: ObjectKey): AddressRequest | undefined {
    const service = this.service(key);
    const claim = this.claim(key);
    if (service === undefined || claim.claim !== 'managed' || claim.by === 'nodes') return undefined;
    const localNodes = service.externalTrafficPolicy === 'Local' ? this.endpointNodes(key) : undefined;
    return readRequest(service, this.namespaceLabels(service.namespace), localNodes);
  }

  take(): ViewChanges {
    const services = new Set<ObjectKey>();
    const statuses = new Set<ObjectKey>();
    for (const change of this.#services.take()) {
      this.looks++;
      if (!this.#takeService(change)) continue;
      const { key, before, after } = change;
      (isSameButStatus(before, after) ? statuses : services).add(key);
    }
    for (const change of this.#slices.take()) for (const key of this.#takeSlice(change)) services.add(key);
    const nodes = this.#takeNodes(this.#nodes.take());
    if (nodes) for (const key of this.#dependOnNodes) services.add(key);
    for (const { key, before, after } of this.#namespaces.take()) {
      if (isDeepStrictEqual(before?.labels, after?.labels)) continue;
      const { name } = parseObjectKey(key);
      for (const service of this.#managedIn.get(name) ?? []) services.add(service);
    }
    return { services, statuses, leases: this.#leases.take(), pools: this.#pools.take().length > 0, nodes };
  }

  /** Whether the Service waits for nodes though its class sends no traffic to them. */
  noteWaitingForNode(key: ObjectKey, isWaiting: boolean): void {
    const claim = this.claim(key);
    const sendsToNodes = claim.claim === 'managed' && claim.by !== 'announcing';
    if (isWaiting || sendsToNodes) this.#dependOnNodes.add(key);
    else this.#dependOnNodes.delete(key);
  }

  /** Whether it is, or was, any of our business. */
  #takeService({ key, before, after }: Change<Service>): boolean {
    const now = claimOf(after, this.#claims);
    const namespace = (after ?? before)?.namespace ?? '';
    const wasManaged = this.#managedIn.get(namespace)?.has(key) === true;
    const was = wasManaged || claimOf(before, this.#claims).claim !== 'none';
    if (now.claim === 'managed') {
      addTo(this.#managedIn, namespace, key);
      if (now.by !== 'announcing') this.#dependOnNodes.add(key);
    } else {
      removeFrom(this.#managedIn, namespace, key);
      this.#dependOnNodes.delete(key);
    }
    return was || now.claim !== 'none';
  }

  /** Returns the Services concerned. */
  #takeSlice(change: Change<StoredSlice>): readonly ObjectKey[] {
    this.looks++;
    return [...this.#slicesByService.note(change)].filter(
      (service) => this.claim(service).claim === 'managed',
    );
  }

  /** Whether it makes a difference to anybody (LQ-2, LQ-7). */
  #takeNodes(changes: readonly Change<Node>[]): boolean {
    const options = this.#nodeOptions;
    const isNews = changes.some(
      ({ before, after }) =>
        before === undefined || after === undefined || !isSameForBalancers(before, after, options),
    );
    if (!isNews) return false;
    const nodes = [...this.#objects.nodes.rows.values()];
    this.looks += nodes.length;
    this.#eligible = nodes
      .filter((node) => whyExcluded(node, options) === undefined)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#noNodes = describeNoNodes(nodes, options);
    return true;
  }
}
