/** Long work in pieces, so that it does not hold the event loop. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Steps } from './steps.ts';

const LONGEST_TURN_MS = 10;

/** Counts how long a piece of work has run since the event loop last turned. */
export class EventLoopTurn {
  #startedAtMs = performance.now();

  /** This turn has been long enough. */
  get isOver(): boolean {
    return performance.now() - this.#startedAtMs >= LONGEST_TURN_MS;
  }

  /** Lets everything else run first if this turn has been long enough. */
  async rest(): Promise<void> {
    if (this.isOver) await this.next();
  }

  /** Lets everything else run first. */
  async next(): Promise<void> {
    await nextTurn();
    this.#startedAtMs = performance.now();
  }
}

/** Drives the work to its end and leaves the event loop its turns. */
export async function inTurns<Result>(steps: Steps<Result>): Promise<Result> {
  // Work of one step does not ask what time it is.
  let turn: EventLoopTurn | undefined;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    turn ??= new EventLoopTurn();
    if (turn.isOver) await turn.next();
  }
}
