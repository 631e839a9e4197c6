/** Work in pieces, so that it does not hold the event loop. */
import { setImmediate as nextTurn } from 'node:timers/promises';

const LONGEST_TURN_MS = 10;

/** Counts how long a piece of work has run since the event loop last turned. */
export class Turn {
  #startedAtMs = performance.now();

  /** Lets everything else run first when this turn has been long enough. */
  async rest(): Promise<void> {
    if (performance.now() - this.#startedAtMs < LONGEST_TURN_MS) return;
    await nextTurn();
    this.#startedAtMs = performance.now();
  }
}
