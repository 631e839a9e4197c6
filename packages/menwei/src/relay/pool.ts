/** All relays of the program, spread over threads (docs/decisions/0020-relay-threads.md). */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import type { Logger } from '../log/logger.ts';
import { Turns } from '../scheduling/turns.ts';
import type { ListenFailure, Relay, RelayKey, RelayLimits, Relays } from './contract.ts';
import { allocateBudget } from './descriptor-budget.ts';
import { EventLog } from './event-log.ts';
import { addSums, NO_SUMS, type RelaySums } from './event-tally.ts';
import { homesOf } from './homes.ts';
import { type StartWorker, startWorker } from './relay-thread.ts';
import type { Changes, OpenCounts } from './thread-messages.ts';
import { ThreadSlot } from './thread-slot.ts';

const THREAD_ENDED = 'the relay thread ended and is being started again';

export interface RelayPoolOptions {
  /** At least 1. */
  readonly threads: number;
  /** How many descriptors relays may have open: `descriptorLimit()`. */
  readonly descriptors: number;
  readonly limits: RelayLimits;
  readonly logger: Logger;
  readonly startWorker?: StartWorker;
  /** How long a thread may take to answer before another one takes its place. */
  readonly answerWithinMs?: number;
}

/** For metrics. */
export interface RelayStats extends RelaySums {
  readonly openConnections: number;
  readonly openFlows: number;
  /** Threads that run now. */
  readonly threads: number;
}

export class RelayPool implements Relays {
  readonly #logger: Logger;
  readonly #slots: readonly ThreadSlot[];
  /** As observed. */
  readonly #relays = new Map<RelayKey, Relay>();
  readonly #watchers = new Set<(what: string) => void>();
  #sums: RelaySums = NO_SUMS;
  readonly #connections = new Map<RelayKey, number>();
  readonly #turns = new Turns();
  #isClosed = false;

  constructor(options: RelayPoolOptions) {
    const { threads, descriptors, limits, logger, startWorker: start = startWorker } = options;
    if (threads < 1) throw new Error('BUG: a pool without threads');
    this.#logger = logger;
    const memory = allocateBudget(descriptors, threads);
    const log = new EventLog(logger, (key) => this.#relays.get(key)?.name ?? key);
    this.#slots = Array.from(
      { length: threads },
      (_, number) =>
        new ThreadSlot(
          { limits, descriptors: memory, number },
          {
            logger,
            startWorker: start,
            answerWithinMs: options.answerWithinMs,
            counted: (tally) => {
              this.#sums = addSums(this.#sums, tally.sums);
              this.#countConnections(tally.connections);
              log.record(tally, performance.now());
            },
            mayStartAgain: (slot) => this.#startAgain(slot),
          },
        ),
    );
  }

  apply(changes: Changes): Promise<readonly ListenFailure[]> {
    if (this.#isClosed) throw new Error('BUG: relays applied after the pool was closed');
    return this.#turns.take(() => this.#apply(changes));
  }

  observe(): ReadonlyMap<RelayKey, Relay> {
    return new Map(this.#relays);
  }

  observeConnections(): ReadonlyMap<RelayKey, number> {
    return new Map(Array.from(this.#relays.keys(), (key) => [key, this.#connections.get(key) ?? 0]));
  }

  watch(lost: (what: string) => void, signal: AbortSignal): void {
    this.#watchers.add(lost);
    signal.addEventListener('abort', () => this.#watchers.delete(lost), { once: true });
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    await this.#turns.take(() => Promise.all(this.#slots.map((slot) => slot.close(graceMs))));
    this.#relays.clear();
  }

  stats(): RelayStats {
    const open: readonly OpenCounts[] = this.#slots.map((slot) => slot.open);
    return {
      ...this.#sums,
      openConnections: open.reduce((sum, { connections }) => sum + connections, 0),
      openFlows: open.reduce((sum, { flows }) => sum + flows, 0),
      threads: this.#slots.filter(({ isRunning }) => isRunning).length,
    };
  }

  /** What a thread tells late of a relay that is gone has no place any more. */
  #countConnections(connections: ReadonlyMap<RelayKey, number>): void {
    for (const [key, count] of connections) {
      if (this.#relays.has(key)) this.#connections.set(key, (this.#connections.get(key) ?? 0) + count);
    }
  }

  /** First what opens, then what closes for it: a relay that moves to another thread is never without listener. */
  async #apply(changes: Changes): Promise<readonly ListenFailure[]> {
    for (const [key, relay] of changes) {
      if (relay === undefined) {
        this.#relays.delete(key);
        this.#connections.delete(key);
      } else this.#relays.set(key, relay);
    }
    const answers = await Promise.all(this.#slots.map((slot) => slot.apply(this.#partOf(slot, changes))));
    const ended = new Set(this.#slots.filter((_, index) => answers[index] === 'ended'));
    const told = answers.flatMap((answer) => (answer === 'ended' ? [] : answer));
    const failures = this.#withdraw([...told, ...this.#unheard(changes, ended)]);
    await this.#settle(changes.keys());
    return failures;
  }

  /** Relays that no thread listens for: all those that should have ended. One that listens gets the connections of all. */
  #unheard(changes: Changes, ended: ReadonlySet<ThreadSlot>): readonly ListenFailure[] {
    if (ended.size === 0) return [];
    const relays = [...changes.values()].filter((relay) => relay !== undefined);
    const unheard = relays.filter((relay) =>
      this.#slots.every((slot) => ended.has(slot) || !this.#isHome(slot, relay)),
    );
    return unheard.flatMap(({ key, protocol, listeners }) =>
      listeners.map(({ ip, port }) => {
        const object = `${protocol} ${formatHostPort(ip, port)}`;
        return {
          key,
          ip,
          port,
          error: new KernelError({ operation: 'listen on', object, detail: THREAD_ENDED }),
        };
      }),
    );
  }

  /** What a slot has to hear of first: what goes for good, and what lives there. */
  #partOf(slot: ThreadSlot, changes: Changes): Changes {
    const entries = changes.entries().filter(([key, relay]) => {
      return relay === undefined ? slot.relayOf(key) !== undefined : this.#isHome(slot, relay);
    });
    return new Map(entries);
  }

  #isHome(slot: ThreadSlot, relay: Relay): boolean {
    return homesOf(relay, this.#slots.length).includes(slot.number);
  }

  /** A listener that one thread could not have is no listener at all. Returns each failure once. */
  #withdraw(failures: readonly ListenFailure[]): readonly ListenFailure[] {
    const told = new Map(failures.map((failure) => [`${failure.key} ${placeText(failure)}`, failure]));
    for (const { key, ip, port } of told.values()) {
      const relay = this.#relays.get(key);
      if (relay === undefined) continue;
      const listeners = relay.listeners.filter((listener) => listener.ip !== ip || listener.port !== port);
      this.#relays.set(key, { ...relay, listeners });
    }
    return [...told.values()];
  }

  /** Makes the threads have just what is observed. */
  async #settle(among: Iterable<RelayKey>): Promise<void> {
    const keys = [...among];
    const work = this.#slots.map((slot) => {
      const part = new Map<RelayKey, Relay | undefined>();
      for (const key of keys) {
        const relay = this.#relays.get(key);
        const wanted = relay !== undefined && this.#isHome(slot, relay) ? relay : undefined;
        if (slot.relayOf(key) !== wanted) part.set(key, wanted);
      }
      return slot.apply(part);
    });
    await Promise.all(work);
  }

  #startAgain(slot: ThreadSlot): void {
    const work = this.#turns.take(async () => {
      if (this.#isClosed) return;
      const answer = await slot.startAgain();
      // One that ended at once is started once more, later; what no other thread listens for is not there until then.
      const ended = new Set(this.#slots.filter((each) => !each.isRunning || each === slot));
      const failures = this.#withdraw(answer === 'ended' ? this.#unheard(this.#relays, ended) : answer);
      for (const { port, ip, error, key } of failures)
        this.#logger.error(
          { err: error, servicePort: this.#relays.get(key)?.name ?? key },
          `can't listen on ${formatHostPort(ip, port)} since a thread was restarted`,
        );
      await this.#settle(failures.map(({ key }) => key));
      if (failures.length > 0)
        for (const lost of this.#watchers) lost('listeners of the userspace proxy were lost');
    });
    work.catch((error: unknown) =>
      this.#logger.error({ err: error }, 'restarting a userspace proxy thread failed'),
    );
  }
}

function placeText({ ip, port }: { readonly ip: string; readonly port: number }): string {
  return formatHostPort(ip, port);
}
