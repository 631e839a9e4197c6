/** A place for a thread: one after another, should one die. */
import type { Logger } from '../log/logger.ts';
import { type RetryTiming, retryDelayMs } from '../scheduling/retry.ts';
import type { Relay, RelayKey } from './contract.ts';
import { SharedDescriptorBudget } from './descriptor-budget.ts';
import type { Tally } from './event-tally.ts';
import { RelayThread, type StartWorker, type ThreadAnswer } from './relay-thread.ts';
import type { Changes, OpenCounts, ThreadData } from './thread-messages.ts';

/** From the end of a thread to the start of the next; doubled with each that does not live long. */
const RESTART_TIMING: RetryTiming = { firstMs: 100, maxMs: 30_000 };
const LONG_LIFE_MS = 60_000;
const NOTHING_OPEN: OpenCounts = { connections: 0, flows: 0 };

interface SlotOwner {
  readonly logger: Logger;
  readonly startWorker: StartWorker;
  /** How long a thread may take to answer; half a minute unless given. */
  readonly answerWithinMs?: number | undefined;
  readonly counted: (tally: Tally) => void;
  /** The thread ended and the pause is over: `startAgain` is to be called. */
  readonly mayStartAgain: (slot: ThreadSlot) => void;
}

export class ThreadSlot {
  readonly #data: ThreadData;
  readonly #owner: SlotOwner;
  /** As they are in the thread, or will be in the next one. */
  readonly #relays = new Map<RelayKey, Relay>();
  #thread: RelayThread | undefined;
  #startedMs = 0;
  #shortLives = 0;
  #pause: NodeJS.Timeout | undefined;
  #open = NOTHING_OPEN;
  #isClosed = false;

  constructor(data: ThreadData, owner: SlotOwner) {
    this.#data = data;
    this.#owner = owner;
  }

  get number(): number {
    return this.#data.number;
  }

  get isRunning(): boolean {
    return this.#thread !== undefined;
  }

  /** As told last. */
  get open(): OpenCounts {
    return this.#open;
  }

  relayOf(key: RelayKey): Relay | undefined {
    return this.#relays.get(key);
  }

  /**
   * Starts the thread if this is the first there is for it to do. `ended`: there is no thread now, and so nothing is open;
   * the next one gets to know.
   */
  async apply(changes: Changes): Promise<ThreadAnswer> {
    for (const [key, relay] of changes) {
      if (relay === undefined) this.#relays.delete(key);
      else this.#relays.set(key, relay);
    }
    if (changes.size === 0) return [];
    if (this.#pause !== undefined) return 'ended';
    if (this.#thread === undefined && this.#relays.size === 0) return [];
    this.#thread ??= this.#start();
    return this.#thread.apply(changes);
  }

  /** Puts a new thread in the place of one that ended. */
  async startAgain(): Promise<ThreadAnswer> {
    this.#pause = undefined;
    return this.apply(new Map(this.#relays));
  }

  /** Closes all listeners, and ends the thread as soon as nothing is open any more, or after this time. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    const thread = this.#thread;
    if (thread === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([thread.close(), grace]).finally(() => clearTimeout(timer));
    await thread.terminate();
  }

  #start(): RelayThread {
    this.#startedMs = performance.now();
    return new RelayThread(
      this.#owner.startWorker(this.#data),
      {
        reported: ({ open, tally }) => {
          this.#open = open;
          if (tally !== undefined) this.#owner.counted(tally);
        },
        ended: (error) => this.#ended(error),
      },
      this.#owner.answerWithinMs,
    );
  }

  #ended(error: Error | undefined): void {
    this.#thread = undefined;
    this.#open = NOTHING_OPEN;
    new SharedDescriptorBudget(this.#data.descriptors, this.number).giveAll();
    if (this.#isClosed) return;
    if (performance.now() - this.#startedMs >= LONG_LIFE_MS) this.#shortLives = 0;
    this.#shortLives += 1;
    const pauseMs = retryDelayMs(this.#shortLives, RESTART_TIMING);
    const fields = { thread: this.number, relays: this.#relays.size, pauseMs, err: error };
    this.#owner.logger.error(
      fields,
      'userspace proxy thread exited and its connections are lost; restarting it',
    );
    this.#pause = setTimeout(() => this.#owner.mayStartAgain(this), pauseMs);
  }
}
