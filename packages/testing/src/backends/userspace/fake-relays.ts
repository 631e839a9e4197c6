/** Relays that only keep books: which ports are listened on. Only tests import this. */

import { KernelError } from '@menwei/netlink';
import type { Listener, ListenFailure, Relay, RelayKey, Relays } from 'menwei/relay/contract.ts';
import { type FaultOptions, Faults } from '../../kernel/faults.ts';

/** errno of Linux. */
const EADDRINUSE = 98;
const EMFILE = 24;

export interface FakeRelaysOptions {
  /** Ports that other programs have: `TCP 40000`. */
  readonly taken?: ReadonlySet<string>;
  /** Opening a listener may fail. */
  readonly faults?: FaultOptions;
}

export class FakeRelays implements Relays {
  readonly faults: Faults;
  /** What was applied so far, call by call. */
  readonly calls: ReadonlyMap<RelayKey, Relay | undefined>[] = [];
  /** Relays that get no further listener, whatever the reason. */
  readonly refused = new Set<RelayKey>();
  readonly #taken: ReadonlySet<string>;
  readonly #relays = new Map<RelayKey, Relay>();
  #isBusy = false;

  constructor({ taken = new Set(), faults }: FakeRelaysOptions = {}) {
    this.#taken = taken;
    this.faults = new Faults(faults);
  }

  async apply(changes: ReadonlyMap<RelayKey, Relay | undefined>): Promise<readonly ListenFailure[]> {
    if (this.#isBusy) throw new Error('BUG: two calls at a time');
    this.#isBusy = true;
    // As with real ones, others get a turn meanwhile.
    await Promise.resolve();
    this.#isBusy = false;
    this.calls.push(changes);
    return [...changes].flatMap(([key, relay]) => this.#change(key, relay));
  }

  observe(): ReadonlyMap<RelayKey, Relay> {
    return new Map(this.#relays);
  }

  observeConnections(): ReadonlyMap<RelayKey, number> {
    return new Map(Array.from(this.#relays.keys(), (key) => [key, 0]));
  }

  watch(): void {
    // Books lose nothing.
  }

  async close(): Promise<void> {
    this.#relays.clear();
  }

  #change(key: RelayKey, relay: Relay | undefined): readonly ListenFailure[] {
    const former = this.#relays.get(key)?.listeners ?? [];
    this.#relays.delete(key);
    if (relay === undefined) return [];
    checkRelay(key, relay);
    const open: Listener[] = [];
    const failures: ListenFailure[] = [];
    for (const listener of relay.listeners) {
      const isOpen = former.some(({ ip, port }) => ip === listener.ip && port === listener.port);
      const failure = isOpen ? undefined : this.#failureOf(relay, listener);
      if (failure === undefined) open.push(listener);
      else failures.push(failure);
    }
    if (open.length > 0) this.#relays.set(key, { ...relay, listeners: open });
    return failures;
  }

  #failureOf({ key, family, protocol }: Relay, { ip, port }: Listener): ListenFailure | undefined {
    const isTaken =
      this.#taken.has(`${protocol} ${port}`) ||
      [...this.#relays.values()].some(
        (other) =>
          other.family === family &&
          other.protocol === protocol &&
          other.listeners.some((listener) => listener.port === port),
      );
    const hasRoom = !this.refused.has(key) && this.faults.next() === 'none';
    const errno = isTaken ? EADDRINUSE : hasRoom ? undefined : EMFILE;
    if (errno === undefined) return undefined;
    const detail = errno === EMFILE ? 'injected fault' : 'address already in use';
    return { key, ip, port, error: new KernelError({ operation: 'listen', object: key, detail, errno }) };
  }
}

/** What the contract asks of those who apply. */
function checkRelay(key: RelayKey, { key: own, listeners, usable }: Relay): void {
  const ports = new Set(listeners.map(({ port }) => port));
  const isSound =
    key === own &&
    listeners.length > 0 &&
    ports.size === listeners.length &&
    listeners.every(
      ({ endpoints }) => endpoints.length > 0 && new Set(endpoints).size === endpoints.length,
    ) &&
    listeners.every(({ endpoints }) => endpoints.every(({ text }) => usable.includes(text)));
  if (!isSound) throw new Error(`BUG: no sound relay ${key}`);
}
