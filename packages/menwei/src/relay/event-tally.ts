/** What relays report, as sums and an example of each kind: threads send these, never every event. */
import type { RelayEvent, RelayKey } from './contract.ts';

/** Sums since the start of the program. */
export interface RelaySums {
  /** TCP connections and UDP flows that reached an endpoint. */
  readonly connections: number;
  /** How many endpoints were tried for these. */
  readonly attempts: number;
  /** How long it took to connect these, in total. */
  readonly connectSeconds: number;
  readonly failedAttempts: number;
  /** Those for which no endpoint answered. */
  readonly unserved: number;
  readonly withoutDescriptor: number;
  readonly lostListeners: number;
  /** Ended by a limit. */
  readonly idle: number;
  readonly stalled: number;
  readonly drained: number;
  readonly down: number;
  readonly evicted: number;
}

/** Events that an operator may want to read of. */
export type NotableEvent = Exclude<RelayEvent, { readonly event: 'connected' | 'ended' }>;

export interface Tally {
  readonly sums: RelaySums;
  /** By relay. */
  readonly connections: ReadonlyMap<RelayKey, number>;
  /** Of each kind of event the first. */
  readonly examples: readonly NotableEvent[];
}

export const NO_SUMS: RelaySums = {
  connections: 0,
  attempts: 0,
  connectSeconds: 0,
  failedAttempts: 0,
  unserved: 0,
  withoutDescriptor: 0,
  lostListeners: 0,
  idle: 0,
  stalled: 0,
  drained: 0,
  down: 0,
  evicted: 0,
};

/** The sum of which an event is a part. */
export const SUM_OF: Readonly<Record<NotableEvent['event'], keyof RelaySums>> = {
  'attempt-failed': 'failedAttempts',
  unserved: 'unserved',
  'no-descriptor': 'withoutDescriptor',
  'listener-lost': 'lostListeners',
};

export function addSums(a: RelaySums, b: RelaySums): RelaySums {
  return {
    connections: a.connections + b.connections,
    attempts: a.attempts + b.attempts,
    connectSeconds: a.connectSeconds + b.connectSeconds,
    failedAttempts: a.failedAttempts + b.failedAttempts,
    unserved: a.unserved + b.unserved,
    withoutDescriptor: a.withoutDescriptor + b.withoutDescriptor,
    lostListeners: a.lostListeners + b.lostListeners,
    idle: a.idle + b.idle,
    stalled: a.stalled + b.stalled,
    drained: a.drained + b.drained,
    down: a.down + b.down,
    evicted: a.evicted + b.evicted,
  };
}

/** Counts the events of one thread. */
export class EventTally {
  #sums: { -readonly [Name in keyof RelaySums]: RelaySums[Name] } = { ...NO_SUMS };
  #connections = new Map<RelayKey, number>();
  readonly #examples = new Map<NotableEvent['event'], NotableEvent>();
  #hasCounted = false;

  count(event: RelayEvent): void {
    this.#hasCounted = true;
    const sums = this.#sums;
    if (event.event === 'connected') {
      sums.connections += 1;
      this.#connections.set(event.key, (this.#connections.get(event.key) ?? 0) + 1);
      sums.attempts += event.attempts;
      sums.connectSeconds += event.seconds;
    } else if (event.event === 'ended') {
      sums[event.why] += 1;
    } else {
      sums[SUM_OF[event.event]] += 1;
      if (!this.#examples.has(event.event)) this.#examples.set(event.event, event);
    }
  }

  /** What was counted since it was taken last; undefined: nothing. */
  take(): Tally | undefined {
    if (!this.#hasCounted) return undefined;
    const examples = [...this.#examples.values()];
    const tally = { sums: this.#sums, connections: this.#connections, examples };
    this.#connections = new Map();
    this.#sums = { ...NO_SUMS };
    this.#examples.clear();
    this.#hasCounted = false;
    return tally;
  }
}
