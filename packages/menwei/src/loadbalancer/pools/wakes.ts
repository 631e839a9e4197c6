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
   * The oldest of all, each at most once for what has changed once.
   * @param isOver whether it is of no use to try any more of those who wait for it
   * @param other it is tried anyway, when it is its turn
   */
  take(isOver: (topic: Topic) => boolean, other: AddressRequest | undefined): AddressRequest | undefined {
    let oldest = other;
    let from: Topic | undefined;
    for (const [topic, tried] of this.#topics) {
      const request = isOver(topic) ? undefined : this.#waiting.next(topic, tried);
      if (request === undefined) this.#topics.delete(topic);
      else if (oldest === undefined || compareAge(request, oldest) < 0) [oldest, from] = [request, topic];
    }
    if (from !== undefined) this.#topics.set(from, oldest);
    return oldest;
  }
}
