/** Work that comes one after the other, in the order in which it was asked for. */
import type { InTurn } from '../backends/backend.ts';

export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** What work throws is told to whom it belongs, and holds up nobody. */
  readonly take: InTurn = (work) => {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  };
}
