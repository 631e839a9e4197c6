/** Addresses that an operator wants this node to give up, so that they go where they would go if nobody had them (load-balancer § 5.2). */
import { parseGiveUp } from './node-lease-text.ts';

/** Who should take an address over has so long. */
const PATIENCE_MS = 10_000;

export class GivenUp {
  /** Until when this node claims them no more. */
  readonly #untilMs = new Map<string, number>();
  #text = '';

  /** The request that has been dealt with; undefined: there is none, or it is under way. */
  get finished(): string | undefined {
    return this.#text === '' || this.#untilMs.size > 0 ? undefined : this.#text;
  }

  has(address: string): boolean {
    return this.#untilMs.has(address);
  }

  /** Takes in what the Lease asks for; true: that is new. @param text empty: nothing */
  request(text: string): boolean {
    if (text === this.#text) return false;
    this.#text = text;
    this.#untilMs.clear();
    for (const address of parseGiveUp(text)) this.#untilMs.set(address, performance.now() + PATIENCE_MS);
    return true;
  }

  /** Takes out what is over; true: something is. @param isOver this node has the address no more, or is to have it */
  settle(isOver: (address: string) => boolean): boolean {
    const before = this.#untilMs.size;
    for (const [address, untilMs] of this.#untilMs) {
      if (performance.now() >= untilMs || isOver(address)) this.#untilMs.delete(address);
    }
    return this.#untilMs.size < before;
  }
}
