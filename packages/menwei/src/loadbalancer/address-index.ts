/** Which Services have an address. */
import type { ObjectKey } from '../state/object-key.ts';
import { addTo, removeFrom } from '../state/sets-by-key.ts';

const NOBODY: ReadonlySet<ObjectKey> = new Set();

export class AddressIndex {
  readonly #addresses = new Map<ObjectKey, readonly string[]>();
  readonly #holders = new Map<string, Set<ObjectKey>>();

  /** What the Service has now. */
  put(service: ObjectKey, addresses: readonly string[]): void {
    for (const address of this.#addresses.get(service) ?? []) removeFrom(this.#holders, address, service);
    this.#addresses.delete(service);
    if (addresses.length === 0) return;
    this.#addresses.set(service, addresses);
    for (const address of addresses) addTo(this.#holders, address, service);
  }

  holders(address: string): ReadonlySet<ObjectKey> {
    return this.#holders.get(address) ?? NOBODY;
  }
}
