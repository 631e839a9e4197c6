/** What may happen to a process between any two steps that others see. */
import { untilAborted } from 'menwei/scheduling/pause.ts';

/**
 * What becomes of a step: it is not made, or made and then told to have failed; or the process dies before or after it, and
 * nothing that it does reaches anybody any more.
 */
export type Fate = 'fail before' | 'fail after' | 'die before' | 'die after' | undefined;

export class Mortality {
  readonly #fateOf: (step: number) => Fate;
  #isDead = false;
  #steps = 0;

  /** @param fateOf of each step by its number, from 1 on */
  constructor(fateOf: (step: number) => Fate) {
    this.#fateOf = fateOf;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Makes a step, if it is granted. */
  async step<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const fate = this.#isDead ? 'die before' : this.#fateOf(++this.#steps);
    if (fate === 'fail before') throw new Error('it is away');
    if (fate === 'die before') return await this.#die(signal);
    const result = await work();
    if (fate === 'fail after') throw new Error('the answer was lost');
    return fate === 'die after' ? await this.#die(signal) : result;
  }

  async #die(signal: AbortSignal): Promise<never> {
    this.#isDead = true;
    await untilAborted(signal);
    throw signal.reason;
  }
}
