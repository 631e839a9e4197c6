/**
 * Machines that are no nodes of this cluster and have an address that a Service has: the Lease tells the controller
 * (load-balancer § 4.4). Whether one is a node that has only just come is not known before news from the API server have arrived.
 */
import type { Holder } from './duty.ts';
import type { AddressConflict } from './node-lease.ts';

/** So long is it told after it was seen last: the controller gives the Service another address meanwhile. */
const TOLD_MS = 60_000;

interface Sighting {
  readonly holder: Holder;
  /** When it was seen first and last; on the clock of `performance.now()`. */
  readonly sinceMs: number;
  readonly lastMs: number;
  readonly isTold: boolean;
}

interface ForeignHoldersOptions {
  readonly isNode: (mac: string) => boolean;
  /** Until when it is proven that what others write is seen; undefined: it never was. */
  readonly lastProvenMs: () => number | undefined;
  readonly report: (address: string, holder: Holder) => void;
  /** The Lease has to say something else, or a proof is needed. */
  readonly onChange: () => void;
}

export class ForeignHolders {
  readonly #options: ForeignHoldersOptions;
  readonly #seen = new Map<string, Sighting>();

  constructor(options: ForeignHoldersOptions) {
    this.#options = options;
  }

  get conflicts(): readonly AddressConflict[] {
    const now = performance.now();
    for (const [address, { lastMs }] of this.#seen) if (now - lastMs >= TOLD_MS) this.#seen.delete(address);
    return Array.from(this.#seen).flatMap(([address, { holder, isTold }]) =>
      isTold ? [{ address, mac: holder.mac, interface: holder.interface }] : [],
    );
  }

  /** No node is known to have the MAC address of who has the address. */
  seen(address: string, holder: Holder): void {
    const now = performance.now();
    const before = this.#seen.get(address);
    const isSame = before?.holder.mac === holder.mac;
    const sinceMs = isSame ? before.sinceMs : now;
    this.#seen.set(address, { holder, sinceMs, lastMs: now, isTold: isSame && before.isTold });
    this.#options.onChange();
  }

  /** To be called when news have arrived. */
  look(): void {
    const { isNode, lastProvenMs, report, onChange } = this.#options;
    const provenMs = lastProvenMs() ?? Number.NEGATIVE_INFINITY;
    for (const [address, sighting] of this.#seen) {
      if (sighting.isTold || provenMs <= sighting.sinceMs) continue;
      if (isNode(sighting.holder.mac)) this.#seen.delete(address);
      else {
        this.#seen.set(address, { ...sighting, isTold: true });
        report(address, sighting.holder);
        onChange();
      }
    }
  }

  /** Nobody has it any more. */
  gone(address: string): void {
    if (this.#seen.delete(address)) this.#options.onChange();
  }
}
