/** The flows of a relay in the order of their last use. Pure: time is an argument, in ms, and never goes back. */

/** How far a flow has come. */
export type FlowStage = 'unanswered' | 'answered' | 'stream';

interface Use {
  readonly stage: FlowStage;
  readonly usedMs: number;
}

export class IdleOrder<Flow> {
  readonly #limits: Readonly<Record<FlowStage, number>>;
  /** Each in the order of use: all flows of a stage have the same limit, so the first expires first. */
  readonly #stages: Readonly<Record<FlowStage, Set<Flow>>> = {
    unanswered: new Set(),
    answered: new Set(),
    stream: new Set(),
  };
  readonly #uses = new Map<Flow, Use>();

  /** @param limits how long a flow may go unused, ms */
  constructor(limits: Readonly<Record<FlowStage, number>>) {
    this.#limits = limits;
  }

  /** The flow is used now, and has come this far. Returns when it expires unless it is used before. */
  use(flow: Flow, stage: FlowStage, nowMs: number): number {
    const former = this.#uses.get(flow);
    if (former !== undefined) this.#stages[former.stage].delete(flow);
    this.#stages[stage].add(flow);
    this.#uses.set(flow, { stage, usedMs: nowMs });
    return nowMs + this.#limits[stage];
  }

  remove(flow: Flow): void {
    const former = this.#uses.get(flow);
    if (former === undefined) return;
    this.#stages[former.stage].delete(flow);
    this.#uses.delete(flow);
  }

  /** The flow that has been idle for longest. */
  longestIdle(): Flow | undefined {
    return this.#first(({ usedMs }) => usedMs)?.flow;
  }

  /** A flow that has expired. */
  expired(nowMs: number): Flow | undefined {
    const first = this.#firstToExpire();
    return first !== undefined && first.value <= nowMs ? first.flow : undefined;
  }

  /** When the next one expires, unless it is used before. */
  nextExpiryMs(): number | undefined {
    return this.#firstToExpire()?.value;
  }

  #firstToExpire() {
    return this.#first(({ usedMs, stage }) => usedMs + this.#limits[stage]);
  }

  /** Of the first of each stage the one with the least value. */
  #first(rank: (use: Use) => number): { readonly flow: Flow; readonly value: number } | undefined {
    let least: { readonly flow: Flow; readonly value: number } | undefined;
    for (const flows of Object.values(this.#stages)) {
      const [flow] = flows;
      const use = flow === undefined ? undefined : this.#uses.get(flow);
      if (flow === undefined || use === undefined) continue;
      const value = rank(use);
      if (least === undefined || value < least.value) least = { flow, value };
    }
    return least;
  }
}
