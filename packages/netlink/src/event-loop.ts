/** Long work in pieces, so that it does not hold the event loop. */
import { setImmediate } from 'node:timers/promises';

/** After so much work the event loop gets a turn. */
export const TURN_MS = 8;

/** Counts how long a piece of work has run since the event loop last turned. */
export class EventLoopTurn {
  #startedAtMs = performance.now();

  /** This turn has been long enough. */
  get isOver(): boolean {
    return performance.now() - this.#startedAtMs >= TURN_MS;
  }

  /** Lets everything else run first. */
  async next(): Promise<void> {
    await setImmediate();
    this.#startedAtMs = performance.now();
  }
}
