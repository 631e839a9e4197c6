/**
 * What one backend should hold: the units of all service ports, put together in its plan. What throws here is a mistake of
 * the program; it costs the service port that trips over it, and nothing that was to be done is forgotten.
 */

import type { Plan, Rules, StateChange } from '../backends/backend.ts';
import type { Logger } from '../log/logger.ts';
import { EventLoopTurn, inTurns } from '../scheduling/event-loop.ts';
import { done } from '../scheduling/steps.ts';
import type { NodeView } from '../services/node-view.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import { ProblemLog } from './problem-log.ts';
import { findUnsupported, problemOf } from './unsupported.ts';

type Units<Unit> = ReadonlyMap<ServicePortKey, Unit | undefined>;

export class DesiredUnits<Unit, State, Changes> {
  readonly #rules: Rules<Unit, State, Changes>;
  readonly #logger: Logger;
  #plan: Plan<Unit, State>;
  /** Something threw while the plan was changed or compared, so nobody knows what it says. */
  #isBroken = false;
  /** A plan that is no longer the first, and has not been filled yet. */
  #isFresh = false;
  /** What stood in the plan before the change that broke it. */
  #former: (key: ServicePortKey) => Unit | undefined = () => undefined;
  readonly #unusable = new Map<ServicePortKey, string>();
  readonly #passedOver = new Map<ServicePortKey, string>();

  constructor(rules: Rules<Unit, State, Changes>, logger: Logger) {
    this.#rules = rules;
    this.#logger = logger;
    this.#plan = rules.plan();
  }

  /** Why the mode can do nothing for service ports, or could not compile them or put them into the plan the last time: they are left as they were. */
  get unusable(): ReadonlyMap<ServicePortKey, string> {
    return this.#unusable;
  }

  /** What of service ports the mode passes over, though it can do the rest. */
  get passedOver(): ReadonlyMap<ServicePortKey, string> {
    return this.#passedOver;
  }

  /** All service ports have to be compiled anew: begins with an empty plan if so. */
  startOverIfBroken(): boolean {
    if (this.#isBroken) {
      this.#plan = this.#rules.plan();
      this.#isBroken = false;
      this.#isFresh = true;
    }
    return this.#isFresh;
  }

  unit(key: ServicePortKey): Unit | undefined {
    return this.#plan.unit(key);
  }

  /** For a backend that is given back what it has made. */
  get plan(): Plan<Unit, State> {
    return this.#plan;
  }

  async compile(
    ports: ReadonlyMap<ServicePortKey, ServicePort | undefined>,
    node: NodeView,
  ): Promise<Units<Unit>> {
    const units = new Map<ServicePortKey, Unit | undefined>();
    const turn = new EventLoopTurn();
    const problems = new ProblemLog(this.#logger);
    for (const [key, port] of ports) {
      const told = this.#unusable.get(key);
      this.#unusable.delete(key);
      this.#noteWhatIsPassedOver(key, port, problems);
      const unsupported = port && findUnsupported(this.#rules, port);
      if (unsupported !== undefined) {
        this.#unusable.set(key, unsupported.message);
        if (told !== unsupported.message) problems.report(unsupported);
      } else if (port === undefined) units.set(key, undefined);
      else this.#compileOne(port, node, units);
      if (turn.isOver) await turn.next();
    }
    problems.flush();
    return units;
  }

  /** Puts units into the plan. */
  put(node: NodeView, units: Units<Unit>): StateChange<State> {
    if (this.#isFresh) return this.#fill(node, units);
    const [plan, former] = [this.#plan, new Map<ServicePortKey, Unit | undefined>()];
    for (const key of units.keys()) former.set(key, plan.unit(key));
    this.#former = (key) => (former.has(key) ? former.get(key) : plan.unit(key));
    return this.#changing(() => plan.update(node, units));
  }

  /** What a change of the plan means for the kernel. */
  diff(change: StateChange<State>): Changes {
    return this.#changing(() => this.#rules.diff(change.before, change.after));
  }

  /** What leads from what was observed to what is desired, which is settled as near to that as can be. */
  async compare(observed: State): Promise<Changes> {
    this.#isBroken = true;
    await inTurns(this.#plan.settle(observed));
    const desired = this.#plan.complete();
    const steps = this.#rules.diffInSteps?.(observed, desired) ?? done(this.#rules.diff(observed, desired));
    const changes = await inTurns(steps);
    this.#isBroken = false;
    return changes;
  }

  #noteWhatIsPassedOver(key: ServicePortKey, port: ServicePort | undefined, log: ProblemLog): void {
    const what = port && this.#rules.passedOver?.(port);
    if (port !== undefined && what !== undefined && what !== this.#passedOver.get(key)) {
      log.report(problemOf(port, what));
    }
    if (what === undefined) this.#passedOver.delete(key);
    else this.#passedOver.set(key, what);
  }

  #compileOne(port: ServicePort, node: NodeView, units: Map<ServicePortKey, Unit | undefined>): void {
    const { key } = port;
    const previous = this.#isFresh ? this.#former(key) : this.#plan.unit(key);
    try {
      units.set(key, this.#rules.compile(port, node, previous));
    } catch (cause) {
      this.#note(key, 'service port could not be compiled', cause);
      if (this.#isFresh && previous !== undefined) units.set(key, previous);
    }
  }

  /** Without those that no plan takes. */
  #fill(node: NodeView, units: Units<Unit>): StateChange<State> {
    const sound = new Map(units);
    for (const [key, cause] of this.#findBreakers(node, [...units])) {
      this.#note(key, 'service port could not be added to the plan', cause);
      sound.delete(key);
      const former = this.#former(key);
      if (former !== undefined && this.#breaks(node, [[key, former]]) === undefined) sound.set(key, former);
    }
    // A backend may go by the plan that it made last.
    this.#plan = this.#rules.plan();
    const change = this.#changing(() => this.#plan.update(node, sound));
    this.#isFresh = false;
    return change;
  }

  #findBreakers(
    node: NodeView,
    units: readonly (readonly [ServicePortKey, Unit | undefined])[],
  ): readonly (readonly [ServicePortKey, unknown])[] {
    const broken = this.#breaks(node, units);
    const [first] = units;
    if (broken === undefined || first === undefined) return [];
    if (units.length === 1) return [[first[0], broken.cause]];
    const half = units.length >> 1;
    return [
      ...this.#findBreakers(node, units.slice(0, half)),
      ...this.#findBreakers(node, units.slice(half)),
    ];
  }

  #breaks(
    node: NodeView,
    units: readonly (readonly [ServicePortKey, Unit | undefined])[],
  ): { readonly cause: unknown } | undefined {
    try {
      const plan = this.#rules.plan();
      plan.update(node, new Map(units));
      this.#rules.diff(this.#rules.nothing(), plan.complete());
      return undefined;
    } catch (cause) {
      return { cause };
    }
  }

  #changing<T>(work: () => T): T {
    this.#isBroken = true;
    const result = work();
    this.#isBroken = false;
    return result;
  }

  #note(key: ServicePortKey, message: string, cause: unknown): void {
    this.#unusable.set(key, cause instanceof Error ? cause.message : String(cause));
    this.#logger.error({ servicePort: key, err: cause }, message);
  }
}
