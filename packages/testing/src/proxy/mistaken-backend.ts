/** A backend whose plan and diff throw now and then, before or after they have done their work. Only tests import this file. */

import type { Backend, InTurn, KernelWatch, Outcome, Plan, StateChange } from 'menwei/backends/backend.ts';
import { atOnce, done, type Steps } from 'menwei/scheduling/steps.ts';

interface Mistakes {
  next(): 'none' | 'before' | 'halfway' | 'after';
}

/** What it was asked and what it said, for who holds a proxy to its laws. */
export class MistakenBackend<Unit, State, Changes> implements Backend<Unit, State, Changes> {
  observations = 0;
  /** Who did what while it was another one's turn, or nobody's. */
  readonly breaches: string[] = [];
  readonly #atWork = new Map<object, string>();
  /** Of the last changes. */
  outcome: Outcome<Unit> = 'applied';
  /** Somebody was told to look again since it began. */
  wasOutdated = false;
  /** The plan that was made last, without the mistakes. */
  lastPlan: Plan<Unit, State> | undefined;
  readonly #backend: Backend<Unit, State, Changes>;
  readonly #mistakes: Mistakes;
  #isInOrder = false;
  #wasMistaken = false;
  readonly mode: Backend<Unit, State, Changes>['mode'];
  readonly family: Backend<Unit, State, Changes>['family'];

  constructor(backend: Backend<Unit, State, Changes>, mistakes: Mistakes) {
    this.#backend = backend;
    this.#mistakes = mistakes;
    this.mode = backend.mode;
    this.family = backend.family;
  }

  /** A new sync. After one with a mistake comes one without: a plan that is made anew is not to be tripped up again. */
  begin(): void {
    this.#isInOrder = this.#wasMistaken;
    this.#wasMistaken = false;
    this.outcome = 'applied';
    this.wasOutdated = false;
  }

  compile(...args: Parameters<Backend<Unit, State, Changes>['compile']>): Unit {
    return this.#backend.compile(...args);
  }

  plan(): Plan<Unit, State> {
    const plan = this.#backend.plan();
    this.lastPlan = plan;
    return {
      unit: (key) => plan.unit(key),
      update: (node, units): StateChange<State> => this.#work(() => plan.update(node, units)),
      settle: (observed) => done(this.#work(() => atOnce(plan.settle(observed)))),
      complete: () => this.#work(() => plan.complete()),
      ...(plan.destinations === undefined ? {} : { destinations: plan.destinations.bind(plan) }),
    };
  }

  nothing(): State {
    return this.#backend.nothing();
  }

  diff(from: State, to: State): Changes {
    return this.#work(() => this.#backend.diff(from, to));
  }

  diffInSteps(from: State, to: State): Steps<Changes> {
    return done(
      this.#work(() => {
        const steps = this.#backend.diffInSteps?.(from, to);
        return steps === undefined ? this.#backend.diff(from, to) : atOnce(steps);
      }),
    );
  }

  isEmpty(changes: Changes): boolean {
    return this.#work(() => this.#backend.isEmpty(changes));
  }

  format(changes: Changes): string {
    return this.#backend.format(changes);
  }

  async apply(changes: Changes, signal: AbortSignal): Promise<Outcome<Unit>> {
    this.outcome = await this.#inTurn('apply', () => this.#backend.apply(changes, signal));
    if (this.outcome === 'outdated') this.wasOutdated = true;
    const { outcome, lastPlan } = this;
    if (typeof outcome !== 'object' || outcome.held === undefined || lastPlan === undefined) return outcome;
    // It knows its own plans alone.
    return { ...outcome, held: (key, wanted) => outcome.held?.(key, wanted, lastPlan) };
  }

  observe(signal: AbortSignal): Promise<State> {
    this.observations++;
    return this.#inTurn('observe', () => this.#backend.observe(signal));
  }

  watch({ drifted, inTurn, left }: KernelWatch<Plan<Unit, State>>, signal: AbortSignal): Promise<void> {
    const watched: InTurn = (work) => inTurn(() => this.#inTurn('the watch', work));
    const leftOwn = () => (left() === undefined ? undefined : this.lastPlan);
    return this.#backend.watch({ drifted, inTurn: watched, left: leftOwn }, signal);
  }

  cleanup(signal: AbortSignal): Promise<void> {
    return this.#backend.cleanup(signal);
  }

  /** The kernel is being asked or told something. */
  noteCall(): void {
    if (this.#atWork.size === 0) this.breaches.push('the kernel was used by nobody');
  }

  async #inTurn<T>(who: string, work: () => Promise<T>): Promise<T> {
    for (const other of this.#atWork.values()) this.breaches.push(`${who} while ${other} was at work`);
    const turn = {};
    this.#atWork.set(turn, who);
    try {
      return await work();
    } finally {
      this.#atWork.delete(turn);
    }
  }

  #work<T>(work: () => T): T {
    const mistake = this.#isInOrder ? 'none' : this.#mistakes.next();
    if (mistake !== 'none') this.#wasMistaken = true;
    if (mistake === 'before') throw new Error('BUG: a mistake was injected (before)');
    const result = work();
    if (mistake !== 'none') throw new Error('BUG: a mistake was injected (after)');
    return result;
  }
}
