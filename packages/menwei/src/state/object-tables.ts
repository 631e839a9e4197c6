/** What sources deliver, one table a kind. The last good version of each object, and what is wrong with a newer one. */
import { isDeepStrictEqual } from 'node:util';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { AddressPool, L2Advertisement, Lease, Namespace } from '../kubernetes/load-balancer-objects.ts';
import type { Node, ObjectRef, Service, ServiceCIDR, WatchedObject } from '../kubernetes/objects.ts';
import { refKey } from '../kubernetes/objects.ts';
import { type ObjectKey, objectKey } from './object-key.ts';
import { type Origin, type Rivalry, Rivals } from './rivals.ts';
import { isSameSlice, readSlice, type SliceView, type StoredSlice } from './stored-slice.ts';
import { Table } from './table.ts';

/** An object whose newest version, or a part of it, can't be used. */
export interface StaleObject {
  readonly ref: ObjectRef;
  readonly reason: string;
  /** Since when for this reason; milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Who says so. */
  readonly origin: Origin;
}

/** A source that has delivered everything that existed when it was begun last. */
interface SyncedSource {
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

interface EventCounts {
  readonly services: number;
  readonly endpointSlices: Readonly<Record<IpFamily, number>>;
}

const NO_RIVALRIES: readonly Rivalry[] = [];

/** What the tables keep beside what a proxy of one node looks at. */
export type TableOptions = Partial<Pick<SliceView, 'endpointNodes' | 'names' | 'podNames'>>;

/** Rows are kept under `namespace/name`; those of cluster-wide kinds under `/name`. */
export class ObjectTables {
  readonly services = new Table<Service>(isDeepStrictEqual);
  readonly endpointSlices = new Table<StoredSlice>(isSameSlice);
  readonly nodes = new Table<Node>(isDeepStrictEqual);
  readonly serviceCIDRs = new Table<ServiceCIDR>(isDeepStrictEqual);
  readonly namespaces = new Table<Namespace>(isDeepStrictEqual);
  readonly leases = new Table<Lease>(isDeepStrictEqual);
  /** Under `kind/name`: a namespace plays no part, and two kinds may have one name. */
  readonly addressPools = new Table<AddressPool>(isDeepStrictEqual);
  readonly l2Advertisements = new Table<L2Advertisement>(isDeepStrictEqual);
  /** By `refKey`. Of an object that is in its table too, the last good version stays in force. */
  readonly stale = new Table<StaleObject>((a, b) => a.reason === b.reason);
  /** By `refKey`. The newest version is in force, without those of its parts that can't be used. */
  readonly flawed = new Table<StaleObject>((a, b) => a.reason === b.reason);
  /** By the name of the source. As long as it is not there, what is missing may only be not yet listed. */
  readonly syncedSources = new Table<SyncedSource>();
  /**
   * By the name of the source, `lb-config` included: what load balancing looks at is there, too. Of the kinds that are not
   * installed nothing is missing.
   */
  readonly syncedLoadBalancing = new Table<SyncedSource>();
  readonly #pools = new Rivals(this.addressPools);
  readonly #advertisements = new Rivals(this.l2Advertisements);
  readonly #view: SliceView;
  readonly #eventCounts = { services: 0, endpointSlices: { IPv4: 0, IPv6: 0 } };

  /** @param nodeName the node this process runs on: its endpoints are local; empty: none is */
  constructor(
    nodeName: string,
    { endpointNodes = false, names = false, podNames = false }: TableOptions = {},
  ) {
    this.#view = { nodeName, endpointNodes, names, podNames };
  }

  /** The node this process runs on; empty: on none. */
  get nodeName(): string {
    return this.#view.nodeName;
  }

  /**
   * Takes in an object that is new or may have changed.
   *
   * @param origin of a pool or an advertisement: where it comes from
   * @returns which objects are not used for another one of their name, and why
   */
  put(object: WatchedObject, origin: Origin = ''): readonly Rivalry[] {
    const key = objectKey(object.namespace, object.name);
    switch (object.kind) {
      case 'Service':
        this.#eventCounts.services++;
        this.services.put(key, object);
        break;
      case 'EndpointSlice': {
        const { endpointSlices } = this;
        const slice = readSlice(object, endpointSlices.get(key), this.#view);
        this.#countSlice(slice);
        endpointSlices.put(key, slice);
        break;
      }
      case 'Node':
        this.nodes.put(key, object);
        break;
      case 'ServiceCIDR':
        this.serviceCIDRs.put(key, object);
        break;
      case 'Namespace':
        this.namespaces.put(key, object);
        break;
      case 'Lease':
        this.leases.put(key, object);
        break;
      case 'IPAddressPool':
      case 'CiliumLoadBalancerIPPool':
        return this.#pools.put(object, origin);
      case 'L2Advertisement':
      case 'CiliumL2AnnouncementPolicy':
        return this.#advertisements.put(object, origin);
    }
    return NO_RIVALRIES;
  }

  /** Takes in that an object is gone. One that is unknown is no mistake. */
  delete(ref: ObjectRef, origin: Origin = ''): void {
    const key = objectKey(ref.namespace, ref.name);
    this.stale.delete(refKey(ref));
    this.flawed.delete(refKey(ref));
    const rivals = this.#rivalsOf(ref.kind);
    if (rivals !== undefined) {
      const winner = rivals.delete(ref, origin);
      if (winner !== undefined) this.deleteStale(winner);
      return;
    }
    if (ref.kind === 'Service') this.#eventCounts.services++;
    if (ref.kind === 'EndpointSlice') this.#countSlice(this.endpointSlices.get(key));
    this.#tableOf(ref.kind)?.delete(key);
  }

  /** Why a pool or an advertisement of this origin is not used, though it was put; undefined: it is. */
  reasonAgainst(ref: ObjectRef, origin: Origin): string | undefined {
    return this.#rivalsOf(ref.kind)?.reasonAgainst(ref, origin);
  }

  /** Takes in that the newest version of an object can't be used. */
  putStale(ref: ObjectRef, reason: string, nowMs: number, origin: Origin = ''): void {
    this.stale.put(refKey(ref), { ref, reason, sinceMs: nowMs, origin });
  }

  /** Takes in that an object is what it should be again. */
  deleteStale(ref: ObjectRef): void {
    this.stale.delete(refKey(ref));
  }

  /** Takes in which parts of an object's newest version can't be used; undefined: none. */
  putFlaw(ref: ObjectRef, reason: string | undefined, nowMs: number, origin: Origin = ''): void {
    if (reason === undefined) this.flawed.delete(refKey(ref));
    else this.flawed.put(refKey(ref), { ref, reason, sinceMs: nowMs, origin });
  }

  /** How many objects sources have put and deleted so far, whether that changed anything or not. */
  get eventCounts(): EventCounts {
    return this.#eventCounts;
  }

  /** Of all objects of a kind that there are from one place: `namespace/name`. */
  keysOf(kind: ObjectRef['kind'], origin: Origin = ''): Iterable<ObjectKey> {
    return this.#rivalsOf(kind)?.keysOf(kind, origin) ?? this.#tableOf(kind)?.rows.keys() ?? [];
  }

  #countSlice(slice: StoredSlice | undefined): void {
    if (slice !== undefined) this.#eventCounts.endpointSlices[slice.family]++;
  }

  #rivalsOf(kind: ObjectRef['kind']): Omit<Rivals<never>, 'put'> | undefined {
    switch (kind) {
      case 'IPAddressPool':
      case 'CiliumLoadBalancerIPPool':
        return this.#pools;
      case 'L2Advertisement':
      case 'CiliumL2AnnouncementPolicy':
        return this.#advertisements;
      default:
        return undefined;
    }
  }

  #tableOf(kind: ObjectRef['kind']): Pick<Table<unknown>, 'rows' | 'delete'> | undefined {
    switch (kind) {
      case 'Service':
        return this.services;
      case 'EndpointSlice':
        return this.endpointSlices;
      case 'Node':
        return this.nodes;
      case 'ServiceCIDR':
        return this.serviceCIDRs;
      case 'Namespace':
        return this.namespaces;
      case 'Lease':
        return this.leases;
      default:
        return undefined;
    }
  }
}
