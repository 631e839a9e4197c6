/** Addresses that a machine which is not of the cluster has: they are not given for a time. */
import { compareText } from './age.ts';
import { SortedSet } from './sorted-set.ts';

interface Quarantined {
  readonly address: string;
  readonly untilMs: number;
  readonly mac: string;
}

export class Quarantine {
  readonly #byAddress = new Map<string, Quarantined>();
  readonly #byEnd = new SortedSet<Quarantined>(
    (a, b) => a.untilMs - b.untilMs || compareText(a.address, b.address),
  );

  get addresses(): Iterable<string> {
    return this.#byAddress.keys();
  }

  /** When the next one ends. */
  get endsAtMs(): number | undefined {
    return this.#byEnd.first?.untilMs;
  }

  macOf(address: string): string | undefined {
    return this.#byAddress.get(address)?.mac;
  }

  /** One that is in it stays until the later of both times. */
  add(address: string, untilMs: number, mac: string): void {
    const before = this.#byAddress.get(address);
    if (before !== undefined) this.#byEnd.delete(before);
    const quarantined = { address, untilMs: Math.max(untilMs, before?.untilMs ?? untilMs), mac };
    this.#byAddress.set(address, quarantined);
    this.#byEnd.add(quarantined);
  }

  /** Those whose time is over. */
  end(nowMs: number): readonly string[] {
    const ended: string[] = [];
    for (;;) {
      const { first } = this.#byEnd;
      if (first === undefined || first.untilMs > nowMs) return ended;
      this.#byEnd.delete(first);
      this.#byAddress.delete(first.address);
      ended.push(first.address);
    }
  }
}
