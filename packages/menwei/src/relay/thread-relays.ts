/** The relays of one thread. */
import { KernelError } from '@menwei/netlink';
import type { ListenFailure, Relay, RelayContext, RelayKey, RunningRelay } from './contract.ts';
import type { SharedDescriptorBudget } from './descriptor-budget.ts';
import { TcpRelay } from './tcp-relay.ts';
import type { Changes, OpenCounts } from './thread-messages.ts';
import { UdpRelay } from './udp-relay.ts';

/** A relay that is not to be there any more stays until it has drained. */
interface Entry {
  readonly running: RunningRelay;
  readonly protocol: Relay['protocol'];
  listenerCount: number;
}

export class ThreadRelays {
  readonly #context: RelayContext & { readonly descriptors: SharedDescriptorBudget };
  readonly #relays = new Map<RelayKey, Entry>();
  readonly #draining = new Map<Entry, Promise<void>>();

  constructor(context: RelayContext & { readonly descriptors: SharedDescriptorBudget }) {
    this.#context = context;
  }

  /** Like `apply` of Relays. What is to go closes first, so that others may have its ports. */
  async apply(changes: Changes): Promise<readonly ListenFailure[]> {
    const updates: Relay[] = [];
    for (const [key, relay] of changes) {
      if (relay === undefined) this.#remove(key);
      else updates.push(relay);
    }
    const failures = await Promise.all(updates.map((relay) => this.#update(relay)));
    return failures.flat();
  }

  openCounts(): OpenCounts {
    let connections = 0;
    let flows = 0;
    for (const entries of [this.#relays.values(), this.#draining.keys()]) {
      for (const { protocol, running } of entries) {
        if (protocol === 'TCP') connections += running.openCount;
        else flows += running.openCount;
      }
    }
    return { connections, flows };
  }

  /** Closes all listeners; resolves when all connections have ended, those of relays that went before too. */
  async close(): Promise<void> {
    for (const key of this.#relays.keys()) this.#remove(key);
    await Promise.all(this.#draining.values());
  }

  /** One that trips over a bug listens nowhere, and costs the others nothing. */
  async #update(relay: Relay): Promise<readonly ListenFailure[]> {
    const { key, listeners } = relay;
    try {
      return await this.#updateOrThrow(relay);
    } catch (cause) {
      this.#remove(key);
      const detail = cause instanceof Error ? cause.message : String(cause);
      const error = new KernelError({ operation: 'set up relay', object: key, detail, cause });
      return listeners.map(({ ip, port }) => ({ key, ip, port, error }));
    }
  }

  async #updateOrThrow(relay: Relay): Promise<readonly ListenFailure[]> {
    const entry = this.#relays.get(relay.key) ?? this.#create(relay);
    const failures = await entry.running.update(relay);
    // Removed meanwhile, by the end of the thread.
    if (this.#relays.get(relay.key) === entry)
      this.#claimListeners(entry, relay.listeners.length - failures.length);
    return failures;
  }

  #create(relay: Relay): Entry {
    const { key, protocol } = relay;
    const running =
      protocol === 'TCP' ? new TcpRelay(relay, this.#context) : new UdpRelay(relay, this.#context);
    const entry: Entry = { running, protocol, listenerCount: 0 };
    this.#relays.set(key, entry);
    return entry;
  }

  #remove(key: RelayKey): void {
    const entry = this.#relays.get(key);
    if (entry === undefined) return;
    this.#relays.delete(key);
    this.#claimListeners(entry, 0);
    const drained = entry.running.close().then(() => {
      this.#draining.delete(entry);
    });
    this.#draining.set(entry, drained);
  }

  /** Listeners have descriptors as well, which connections then can't have. */
  #claimListeners(entry: Entry, count: number): void {
    const { descriptors } = this.#context;
    if (count > entry.listenerCount) descriptors.claim(count - entry.listenerCount);
    else descriptors.give(entry.listenerCount - count);
    entry.listenerCount = count;
  }
}
