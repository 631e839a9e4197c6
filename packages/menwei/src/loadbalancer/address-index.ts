/** Which Services have an address. */
import type { ObjectKey } from '../state/object-key.ts';

const NOBODY: ReadonlySet<ObjectKey> = new Set();

export class AddressIndex {
  readonly #addresses = new Map<ObjectKey, readonly string[]>();
  readonly #holders = new Map<string, Set<ObjectKey>>();

  /** What the Service has now. */
  put(service: ObjectKey, addresses: readonly string[]): void {
    for (const address of this.#addresses.get(service) ?? []) {
      const holders = this.#holders.get(address);
      holders?.delete(service);
      if (holders?.size === 0) this.#holders.delete(address);
    }
    this.#addresses.delete(service);
    if (addresses.length === 0) return;
    this.#addresses.set(service, addresses);
    for (const address of addresses) {
      this.#holders.set(address, (this.#holders.get(address) ?? new Set()).add(service));
    }
  }

  holders(address: string): ReadonlySet<ObjectKey> {
    return this.#holders.get(address) ?? NOBODY;
  }
}
