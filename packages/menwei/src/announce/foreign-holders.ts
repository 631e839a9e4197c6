/** Machines that are no nodes of this cluster and have an address that a Service has: the Lease tells the controller (load-balancer § 4.4). */
import type { Holder } from './duty.ts';
import type { AddressConflict } from './node-lease.ts';

/** So long is it told after it was seen last: the controller gives the Service another address meanwhile. */
const TOLD_MS = 60_000;

export class ForeignHolders {
  readonly #onChange: () => void;
  readonly #seen = new Map<string, { readonly conflict: AddressConflict; readonly atMs: number }>();

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get conflicts(): readonly AddressConflict[] {
    const now = performance.now();
    for (const [address, { atMs }] of this.#seen) if (now - atMs >= TOLD_MS) this.#seen.delete(address);
    return Array.from(this.#seen.values(), ({ conflict }) => conflict);
  }

  seen(address: string, { mac, interface: name }: Holder): void {
    this.#seen.set(address, { conflict: { address, mac, interface: name }, atMs: performance.now() });
    this.#onChange();
  }

  /** Nobody has it any more. */
  gone(address: string): void {
    if (this.#seen.delete(address)) this.#onChange();
  }
}
