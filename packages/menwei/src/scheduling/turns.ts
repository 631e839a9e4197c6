/** Work that comes one after the other, in the order in which it was asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** What work throws is told to whom it belongs, and holds up nobody. */
  readonly take = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  };
}
