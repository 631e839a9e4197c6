/** Of what has changed, who is to be tried again, the oldest first. */
import { compareAge } from './age.ts';
import type { AddressRequest } from './allocation.ts';
import type { Topic, WaitingServices } from './waiting.ts';

export class Wakes {
  readonly #waiting: WaitingServices;
  /** With the last one that was tried since. */
  readonly #topics = new Map<Topic, AddressRequest | undefined>();

  constructor(waiting: WaitingServices) {
    this.#waiting = waiting;
  }

  /** Everybody who waits for it may be tried, from the oldest on. */
  add(topic: Topic): void {
    if (this.#waiting.has(topic)) this.#topics.set(topic, undefined);
  }

  /**
   * Each Service at most once for what has changed once.
   * @param isOver whether it is of no use to try any more of those who wait for it
   */
  take(isOver: (topic: Topic) => boolean): AddressRequest | undefined {
    let oldest: { readonly topic: Topic; readonly request: AddressRequest } | undefined;
    for (const [topic, tried] of this.#topics) {
      const request = isOver(topic) ? undefined : this.#waiting.next(topic, tried);
      if (request === undefined) this.#topics.delete(topic);
      else if (oldest === undefined || compareAge(request, oldest.request) < 0) oldest = { topic, request };
    }
    if (oldest !== undefined) this.#topics.set(oldest.topic, oldest.request);
    return oldest?.request;
  }
}
