/** The EndpointSlices by the Service that they belong to, kept up to date at the cost of what changes. */
import type { ObjectKey } from './object-key.ts';
import type { Change } from './reader.ts';
import type { StoredSlice } from './stored-slice.ts';

export class SlicesByService {
  readonly #slices = new Map<ObjectKey, Map<ObjectKey, StoredSlice>>();

  /** Takes in how a slice has changed, and returns the Services that it belonged to and belongs to. */
  note({ key, before, after }: Change<StoredSlice>): ReadonlySet<ObjectKey> {
    if (before !== undefined) this.#remove(key, before.service);
    if (after !== undefined) this.#put(key, after);
    return new Set([before, after].flatMap((slice) => slice?.service ?? []));
  }

  of(service: ObjectKey): readonly StoredSlice[] {
    return [...(this.#slices.get(service)?.values() ?? [])];
  }

  #put(key: ObjectKey, slice: StoredSlice): void {
    const slices = this.#slices.get(slice.service) ?? new Map<ObjectKey, StoredSlice>();
    this.#slices.set(slice.service, slices.set(key, slice));
  }

  #remove(key: ObjectKey, service: ObjectKey): void {
    const slices = this.#slices.get(service);
    slices?.delete(key);
    if (slices?.size === 0) this.#slices.delete(service);
  }
}
