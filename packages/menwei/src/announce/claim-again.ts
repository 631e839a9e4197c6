/**
 * While nodes can't tell each other by the API server who has what, two may have come to own an address in two parts of a
 * segment: it is claimed again and again, so that they find out when the parts come together.
 */
import { CHECK_MS } from './self-test.ts';
import type { Speaker } from './speaker.ts';

/** How often each address is claimed again where there is no API server, and how many are at a time. */
const CLAIM_MS = 5_000;
const MOST_AT_ONCE = 100;

export class ClaimAgain {
  readonly #speaker: Pick<Speaker, 'defend'>;
  #count = 0;

  constructor(speaker: Pick<Speaker, 'defend'>) {
    this.#speaker = speaker;
  }

  /** To be called every {@link CHECK_MS}. @param isApiAway there is one, and it can't be reached */
  claim(addresses: readonly string[], isApiAway: boolean): void {
    const everyMs = isApiAway ? CHECK_MS : CLAIM_MS;
    const share = Math.min(Math.ceil((addresses.length * CHECK_MS) / everyMs), MOST_AT_ONCE);
    for (let count = 0; count < share; count++) {
      const address = addresses[this.#count++ % addresses.length];
      if (address !== undefined) this.#speaker.defend(address);
    }
  }
}
