/**
 * Which of the targets of this node it checks itself, and what it thinks of all of them from what it and others have found
 * (health § 5). Up to {@link ALONE_UP_TO} nodes each checks for itself. Pure: time is an argument.
 */
import { type HealthState, isEjected } from '../../state/endpoint-health.ts';
import { addTo, removeFrom } from '../../state/sets-by-key.ts';
import type { TargetOrder, TargetOrders, VerdictChange } from '../machine/target.ts';
import type { Peers } from './peers.ts';
import { CheckerChoice, type CheckerNode, QUORUM } from './rendezvous.ts';

const ALONE_UP_TO = 8;

/** What is thought of a target, and who says so; undefined: nobody has said anything. */
export interface SharedVerdict extends VerdictChange {
  /** Empty: this node alone. */
  readonly checkers: readonly string[];
}

interface Assigned {
  readonly order: TargetOrder;
  /** The same on all nodes. */
  readonly endpoint: string;
  checkers: readonly string[];
  /** It is checked here. */
  isOwn: boolean;
  own: VerdictChange | undefined;
  told: SharedVerdict | undefined;
}

export class Assignment {
  readonly #node: string;
  readonly #peers: Peers;
  readonly #targets = new Map<number, Assigned>();
  readonly #byEndpoint = new Map<string, Set<Assigned>>();
  /** Undefined: each checks for itself. */
  #choice: CheckerChoice | undefined;

  constructor(node: string, peers: Peers) {
    this.#node = node;
    this.#peers = peers;
  }

  get isShared(): boolean {
    return this.#choice !== undefined;
  }

  /** Of this node, for the others. */
  *down(): Iterable<string> {
    for (const { isOwn, own, endpoint } of this.#targets.values())
      if (isOwn && own !== undefined && isEjected(own.state)) yield endpoint;
  }

  /** @param endpointOf a name of the target that is the same on all nodes; returns what is to be checked here */
  order(orders: TargetOrders, endpointOf: (order: TargetOrder) => string): TargetOrders {
    const remove = orders.remove.filter(({ id }) => this.#remove(id));
    const add = orders.add.filter((order) => this.#add(order, endpointOf(order)));
    return { remove, add };
  }

  #add(order: TargetOrder, endpoint: string): boolean {
    const checkers = this.#choice?.checkersOf(endpoint) ?? NOBODY;
    const isOwn = !this.isShared || checkers.includes(this.#node);
    const target: Assigned = { order, endpoint, checkers, isOwn, own: undefined, told: undefined };
    this.#targets.set(order.id, target);
    addTo(this.#byEndpoint, endpoint, target);
    return isOwn;
  }

  #remove(id: number): boolean {
    const target = this.#targets.get(id);
    if (target === undefined) return false;
    this.#targets.delete(id);
    removeFrom(this.#byEndpoint, target.endpoint, target);
    return target.isOwn;
  }

  /** What is to be checked here from now on, and what not any more; undefined: no node has come or gone. */
  reassign(nowMs: number): TargetOrders | undefined {
    const live = this.#peers.live(nowMs);
    const nodes = live.length > ALONE_UP_TO ? live : [];
    if (isSame(nodes, this.#choice?.nodes ?? [])) return undefined;
    this.#choice = nodes.length === 0 ? undefined : new CheckerChoice(nodes);
    const remove: { id: number; isKept: boolean }[] = [];
    const add: TargetOrder[] = [];
    for (const [id, target] of this.#targets) {
      target.checkers = this.#choice?.checkersOf(target.endpoint) ?? NOBODY;
      const isOwn = !this.isShared || target.checkers.includes(this.#node);
      if (isOwn === target.isOwn) continue;
      target.isOwn = isOwn;
      target.own = undefined;
      if (!isOwn) remove.push({ id, isKept: false });
      else {
        // Who takes over goes on from what all thought.
        const start = target.told !== undefined && isEjected(target.told.state) ? 'down' : 'unknown';
        add.push({ ...target.order, start });
      }
    }
    return { remove, add };
  }

  /** A verdict of this node's own checks: what is thought of the target now, if that is news, and whether others are to know. */
  found(
    change: VerdictChange,
    nowMs: number,
  ): { readonly news?: SharedVerdict | undefined; readonly isToldOthers: boolean } {
    const target = this.#targets.get(change.id);
    if (target === undefined || !target.isOwn) return { isToldOthers: false };
    const wasDown = target.own !== undefined && isEjected(target.own.state);
    target.own = change;
    return { news: this.#judge(target, nowMs), isToldOthers: wasDown !== isEjected(change.state) };
  }

  /** All that is news, after others have said something, or have not for too long. */
  *judgeAll(nowMs: number, endpoints?: Iterable<string>): Iterable<SharedVerdict> {
    const targets =
      endpoints === undefined
        ? this.#targets.values()
        : [...endpoints].flatMap((endpoint) => [...(this.#byEndpoint.get(endpoint) ?? [])]);
    for (const target of targets) {
      const news = this.#judge(target, nowMs);
      if (news !== undefined) yield news;
    }
  }

  #judge(target: Assigned, nowMs: number): SharedVerdict | undefined {
    const verdict = this.#verdictOf(target, nowMs);
    const { told } = target;
    if (verdict === undefined || isSameVerdict(verdict, told)) return undefined;
    target.told = verdict;
    return verdict;
  }

  #verdictOf({ order, own, endpoint, checkers, told }: Assigned, nowMs: number): SharedVerdict | undefined {
    const { id } = order;
    if (!this.isShared) return own && { ...own, checkers: NOBODY };
    const nothing = { result: own?.result ?? 'ok', detail: own?.detail ?? '', checkers: NOBODY } as const;
    // What cannot be heard is not guessed.
    if (!this.#peers.isConnected(nowMs)) return told && { id, ...nothing, state: 'unknown' };
    const against = checkers.filter((node) =>
      node === this.#node ? own !== undefined && isEjected(own.state) : this.#peers.saysDown(node, endpoint),
    );
    if (against.length >= Math.min(QUORUM, checkers.length)) {
      const state = own?.state === 'recovering' ? 'recovering' : 'down';
      const says = own !== undefined && isEjected(own.state);
      const { result, detail } = says ? own : DOWN_BY_OTHERS;
      return { id, state, result, detail, checkers: against };
    }
    if (own === undefined) return told && { id, ...nothing, state: 'up' };
    return { ...own, state: usedStateOf(own.state), checkers: NOBODY };
  }
}

const NOBODY: readonly string[] = [];
const DOWN_BY_OTHERS = { result: 'timeout', detail: 'as other nodes have found' } as const;

/** What one node alone has against an endpoint leaves it in use. */
function usedStateOf(state: HealthState): HealthState {
  return isEjected(state) ? 'failing' : state;
}

function isSame(a: readonly CheckerNode[], b: readonly CheckerNode[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, zone }, index) => name === b[index]?.name && zone === b[index]?.zone)
  );
}

function isSameVerdict(a: SharedVerdict, b: SharedVerdict | undefined): boolean {
  return (
    b !== undefined &&
    a.state === b.state &&
    a.result === b.result &&
    a.detail === b.detail &&
    a.checkers.length === b.checkers.length &&
    a.checkers.every((node, index) => node === b.checkers[index])
  );
}
