/** The objects by what names are made of, kept up to date at the cost of what changes. */
import type { Namespace } from '../../kubernetes/load-balancer-objects.ts';
import type { Service } from '../../kubernetes/objects.ts';
import type { ObjectKey } from '../../state/object-key.ts';
import type { ObjectTables } from '../../state/object-tables.ts';
import type { Change, Reader } from '../../state/reader.ts';
import { SlicesByService } from '../../state/slices-by-service.ts';
import { type NamedEndpoints, namedEndpoints, type StoredSlice } from '../../state/stored-slice.ts';
import { KeysByAddress } from './keys-by-address.ts';

/** Tables that were made with `names`. */
export type NameTables = Pick<ObjectTables, 'services' | 'endpointSlices' | 'namespaces' | 'syncedSources'>;

export class NamesIndex {
  readonly #tables: NameTables;
  readonly #services: Reader<Service>;
  readonly #endpointSlices: Reader<StoredSlice>;
  readonly #namespaces: Reader<Namespace>;
  readonly #slices = new SlicesByService();
  readonly #byClusterIP = new KeysByAddress();
  readonly #byEndpoint = new KeysByAddress();
  /** Without a Namespace object of their own, as manifests have it, namespaces are there by their Services. */
  readonly #servicesIn = new Map<string, number>();
  #concerned = new Set<ObjectKey>();
  #hasChanged = false;

  /** Takes in each change as it comes, so that no look has to pay for many. */
  constructor(tables: NameTables) {
    this.#tables = tables;
    this.#services = tables.services.reader(() => this.#takeServices());
    this.#endpointSlices = tables.endpointSlices.reader(() => this.#takeSlices());
    this.#namespaces = tables.namespaces.reader(() => this.#takeNamespaces());
    this.#takeServices();
    this.#takeSlices();
    this.#takeNamespaces();
  }

  /** Which Services have changed, or their endpoints, since this was asked last; undefined: nothing has, no namespace either. */
  takeConcerned(): ReadonlySet<ObjectKey> | undefined {
    if (!this.#hasChanged) return undefined;
    this.#hasChanged = false;
    const concerned = this.#concerned;
    this.#concerned = new Set();
    return concerned;
  }

  /** Everything that there is has been listed once. */
  get isSynced(): boolean {
    return this.#tables.syncedSources.rows.size > 0;
  }

  service(key: ObjectKey): Service | undefined {
    return this.#tables.services.get(key);
  }

  hasNamespace(name: string): boolean {
    return this.#tables.namespaces.get(`/${name}`) !== undefined || this.#servicesIn.has(name);
  }

  endpointsOf(service: ObjectKey): readonly NamedEndpoints[] {
    return this.#slices
      .of(service)
      .flatMap(({ named }) => (named === undefined ? [] : namedEndpoints(named)));
  }

  /** Services with this cluster address; more than one only through a mistake of who gave it away. */
  servicesAt(clusterIP: string): readonly ObjectKey[] {
    return this.#byClusterIP.of(clusterIP);
  }

  /** Services with a ready endpoint at this address. */
  servicesBehind(endpointIP: string): readonly ObjectKey[] {
    return this.#byEndpoint.of(endpointIP);
  }

  close(): void {
    for (const reader of [this.#services, this.#endpointSlices, this.#namespaces]) reader.close();
  }

  #takeServices(): void {
    for (const change of this.#services.take()) {
      this.#noteService(change);
      this.#concern([change.key]);
    }
  }

  #takeSlices(): void {
    for (const change of this.#endpointSlices.take()) this.#concern(this.#noteSlice(change));
  }

  #takeNamespaces(): void {
    if (this.#namespaces.take().length > 0) this.#concern([]);
  }

  #concern(services: Iterable<ObjectKey>): void {
    this.#hasChanged = true;
    for (const service of services) this.#concerned.add(service);
  }

  #noteService({ key, before, after }: Change<Service>): void {
    for (const ip of Object.values(before?.clusterIPs ?? {})) this.#byClusterIP.remove(ip, key);
    for (const ip of Object.values(after?.clusterIPs ?? {})) this.#byClusterIP.add(ip, key);
    if (before !== undefined) this.#count(before.namespace, -1);
    if (after !== undefined) this.#count(after.namespace, 1);
  }

  #count(namespace: string, by: 1 | -1): void {
    const count = (this.#servicesIn.get(namespace) ?? 0) + by;
    if (count === 0) this.#servicesIn.delete(namespace);
    else this.#servicesIn.set(namespace, count);
  }

  /** Costs what differs between the two versions of the slice, however many others its Service has. */
  #noteSlice(change: Change<StoredSlice>): ReadonlySet<ObjectKey> {
    const { before, after } = change;
    const stays = before?.service === after?.service;
    const were = readyIn(before);
    const are = readyIn(after);
    if (before !== undefined) {
      for (const ip of stays ? were.difference(are) : were) this.#byEndpoint.remove(ip, before.service);
    }
    if (after !== undefined) {
      for (const ip of stays ? are.difference(were) : are) this.#byEndpoint.add(ip, after.service);
    }
    return this.#slices.note(change);
  }
}

function readyIn(slice: StoredSlice | undefined): ReadonlySet<string> {
  return new Set(slice?.named === undefined ? [] : namedEndpoints(slice.named).ready);
}
