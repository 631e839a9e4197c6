/** The relays of userspace mode as a component: those that run now, or are to run next. */
import type { RelayPool } from '../relay/pool.ts';
import { untilAborted } from '../scheduling/pause.ts';
import type { Component } from './component.ts';

/** For what a pool does after its connections have drained. */
const CLOSING_MS = 5_000;

export class CurrentRelays {
  readonly name = 'relays';
  readonly #open: () => RelayPool;
  readonly #drainMs: number;
  #current: RelayPool;
  #isUsed = false;

  /** @param drainMs how long connections may go on when it is stopped. Throws what `open` throws. */
  constructor(open: () => RelayPool, drainMs: number) {
    this.#open = open;
    this.#drainMs = drainMs;
    this.#current = open();
  }

  get current(): RelayPool {
    return this.#current;
  }

  component(): Component {
    return {
      name: this.name,
      onFailure: 'restart',
      stopMs: this.#drainMs + CLOSING_MS,
      run: (signal, ready) => this.#run(signal, ready),
    };
  }

  async #run(signal: AbortSignal, ready: () => void): Promise<void> {
    if (this.#isUsed) this.#current = this.#open();
    this.#isUsed = true;
    ready();
    await untilAborted(signal);
    await this.#current.close(this.#drainMs);
  }
}
