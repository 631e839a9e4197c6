/**
 * The simplest mode there can be: a unit is one text, the kernel holds one text a service port, and each may be refused
 * by itself. Only tests import this file.
 */

import type { Backend, Outcome, Plan, Refusal, StateChange } from 'menwei/backends/backend.ts';
import { untilAborted } from 'menwei/scheduling/pause.ts';
import { done, type Steps } from 'menwei/scheduling/steps.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import type { ServicePort, ServicePortKey } from 'menwei/state/service-port.ts';

type Texts = ReadonlyMap<ServicePortKey, string>;
type Edits = ReadonlyMap<ServicePortKey, string | undefined>;

export class ToyPlan implements Plan<string, Texts> {
  readonly #units = new Map<ServicePortKey, string>();

  unit(key: ServicePortKey): string | undefined {
    return this.#units.get(key);
  }

  update(_node: NodeView, units: ReadonlyMap<ServicePortKey, string | undefined>): StateChange<Texts> {
    const before = this.#among(units.keys());
    for (const [key, unit] of units) {
      if (unit === undefined) this.#units.delete(key);
      else this.#units.set(key, unit);
    }
    return { before, after: this.#among(units.keys()) };
  }

  settle(): Steps<void> {
    // There is one answer to everything.
    return done(undefined);
  }

  complete(): Texts {
    return new Map(this.#units);
  }

  #among(keys: Iterable<ServicePortKey>): Texts {
    return new Map(
      [...keys].flatMap((key) => {
        const unit = this.#units.get(key);
        return unit === undefined ? [] : [[key, unit] as const];
      }),
    );
  }
}

export class ToyBackend implements Backend<string, Texts, Edits> {
  readonly mode = 'ipvs';
  readonly family = 'IPv4';
  readonly kernel = new Map<ServicePortKey, string>();
  /** What is not taken, and why. */
  readonly refused = new Map<ServicePortKey, Refusal['error']>();
  /** What was asked of the kernel since it was last taken. */
  readonly log: string[] = [];
  readonly plans: ToyPlan[] = [];

  compile(port: ServicePort, node: NodeView): string {
    return `${node.zone} ${port.endpoints.map(({ text }) => text).join(' ')}`;
  }

  plan(): ToyPlan {
    const plan = new ToyPlan();
    this.plans.push(plan);
    return plan;
  }

  nothing(): Texts {
    return new Map();
  }

  diff(from: Texts, to: Texts): Edits {
    const edits = new Map<ServicePortKey, string | undefined>();
    for (const key of from.keys()) if (!to.has(key)) edits.set(key, undefined);
    for (const [key, text] of to) if (from.get(key) !== text) edits.set(key, text);
    return edits;
  }

  isEmpty(edits: Edits): boolean {
    return edits.size === 0;
  }

  format(edits: Edits): string {
    return [...edits.keys()].join(' ');
  }

  async apply(edits: Edits): Promise<Outcome<string>> {
    this.log.push(`apply ${this.format(edits)}`);
    const refused = [...edits.keys()].flatMap((servicePort) => {
      const error = this.refused.get(servicePort);
      return error === undefined ? [] : [{ servicePort, error }];
    });
    const before = new Map(this.kernel);
    for (const [key, text] of edits) {
      if (this.refused.has(key)) continue;
      if (text === undefined) this.kernel.delete(key);
      else this.kernel.set(key, text);
    }
    if (refused.length === 0) return 'applied';
    return {
      refused,
      held: (key, wanted) => (edits.has(key) && this.refused.has(key) ? before.get(key) : wanted),
    };
  }

  async observe(): Promise<Texts> {
    this.log.push('observe');
    return new Map(this.kernel);
  }

  /** Nobody meddles. */
  watch(_watch: unknown, signal: AbortSignal): Promise<void> {
    return untilAborted(signal);
  }

  async cleanup(): Promise<void> {
    this.kernel.clear();
  }
}
