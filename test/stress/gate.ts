/**
 * Every operation of a proxy on the kernel goes through a gate. It lets some fail, and can let the proxy die between two
 * operations or in the middle of one.
 */
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { KernelError } from '@menwei/netlink';
import type { Dice } from './dice.ts';

const { EBUSY, ENOMEM, ENOBUFS } = constants.errno;
/** An operation that hangs, hangs for this long at most. */
const HANG_MS = 60;

/**
 * What becomes of an operation. `before`: nothing was done; `halfway`: the first part of a batch, or a tool that was
 * killed; `after`: it was done, and its answer got lost; `late`: it is done some time later.
 */
type Fate = 'done' | 'before' | 'halfway' | 'after' | 'late';

export class Gate {
  readonly dice: Dice;
  readonly #rate: number;
  #isFaulty = false;
  #isDead = false;
  #count = 0;
  #diesAt = Number.POSITIVE_INFINITY;
  #died: () => void = () => undefined;

  /** `rate`: how many operations fail, of one. */
  constructor(dice: Dice, rate: number) {
    this.dice = dice;
    this.#rate = rate;
  }

  /** Operations so far. */
  get count(): number {
    return this.#count;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Until this is called, and after it is called with false, everything works. */
  setFaulty(isFaulty: boolean): void {
    this.#isFaulty = isFaulty;
  }

  /** The proxy dies with the operation that is the so-manieth from now. */
  dieAfter(operations: number, died: () => void): void {
    this.#diesAt = this.#count + operations;
    this.#died = died;
  }

  /** What is to happen to the next operation. Throws if the proxy is dead. */
  next(): { readonly fate: Fate; readonly isLast: boolean } {
    if (this.#isDead) throw dead();
    this.#count += 1;
    if (this.#count >= this.#diesAt)
      return { fate: this.dice.pick(['before', 'halfway', 'after']), isLast: true };
    const fails = this.#isFaulty && this.dice.chance(this.#rate);
    return { fate: fails ? this.dice.pick(['before', 'halfway', 'after', 'late']) : 'done', isLast: false };
  }

  /** Nothing of the proxy gets through any more. */
  die(): void {
    this.#isDead = true;
    this.#died();
  }

  hang(): Promise<void> {
    return sleep(this.dice.below(HANG_MS));
  }

  error(fate: Fate, operation: string): KernelError {
    const errno = fate === 'before' ? this.dice.pick([EBUSY, ENOMEM]) : ENOBUFS;
    return new KernelError({ operation, object: '', detail: 'injected fault', errno });
  }
}

export function dead(): KernelError {
  return new KernelError({ operation: 'go on', object: '', detail: 'the proxy is dead' });
}
