/** Who waits for what: the oldest is tried first when it may have become possible. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { AddressPool } from '../../kubernetes/load-balancer-objects.ts';
import { compareAge } from './age.ts';
import type { AddressRequest } from './allocation.ts';
import { SortedSet } from './sorted-set.ts';

/** Something that may change: an address of a pool becomes free, who has one address, who has addresses with one sharing key. */
export type Topic = string;

export function topicOfFree(pool: AddressPool, family: IpFamily): Topic {
  return `free ${family} ${pool.kind} ${pool.namespace}/${pool.name}`;
}

/** All of them are taken, or not all any more: for those who would be told so instead of what they are told now. */
export function topicOfFullness(pool: AddressPool, family: IpFamily): Topic {
  return `full ${family} ${pool.kind} ${pool.namespace}/${pool.name}`;
}

export function topicOfAddress(address: string): Topic {
  return `address ${address}`;
}

export function topicOfKey(key: string): Topic {
  return `key ${key}`;
}

interface Waiter {
  readonly request: AddressRequest;
  readonly topics: ReadonlySet<Topic>;
}

export class WaitingServices {
  readonly #waiters = new Map<string, Waiter>();
  readonly #byTopic = new Map<Topic, SortedSet<AddressRequest>>();

  /** From now on it waits for these, and for nothing else. */
  set(request: AddressRequest, topics: readonly Topic[]): void {
    const wanted = new Set(topics);
    const before = this.#waiters.get(request.service);
    for (const topic of before?.topics ?? []) {
      if (!wanted.has(topic)) this.#leave(topic, request);
    }
    for (const topic of wanted) {
      if (before?.topics.has(topic) !== true) this.#enter(topic, request);
    }
    if (wanted.size === 0) this.#waiters.delete(request.service);
    else this.#waiters.set(request.service, { request, topics: wanted });
  }

  has(topic: Topic): boolean {
    return this.#byTopic.has(topic);
  }

  /** The oldest one that is younger than this; of `undefined`, the oldest of all. */
  next(topic: Topic, than: AddressRequest | undefined): AddressRequest | undefined {
    return this.#byTopic.get(topic)?.after(than);
  }

  #enter(topic: Topic, request: AddressRequest): void {
    const waiters = this.#byTopic.get(topic) ?? new SortedSet<AddressRequest>(compareAge);
    waiters.add(request);
    this.#byTopic.set(topic, waiters);
  }

  #leave(topic: Topic, request: AddressRequest): void {
    const waiters = this.#byTopic.get(topic);
    waiters?.delete(request);
    if (waiters?.size === 0) this.#byTopic.delete(topic);
  }
}
