/**
 * The contract of a proxy mode. A backend never handles an event: it says what must exist for a service port, and
 * `diff` finds out what to change. Full and partial sync, restart and repair are all `apply(diff(from, to))`.
 *
 * Laws, each a property test for every backend:
 *   diff(a, a) is empty;  apply(diff(a, b)) turns a into b;  observe() after apply gives what was applied;
 *   compiling twice gives the same unit.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { KernelError } from '@menwei/netlink';
import type { ProxyMode } from '../config/settings.ts';
import type { Steps } from '../scheduling/steps.ts';
import type { NodeView } from '../services/node-view.ts';
import type { Destination, ServicePort, ServicePortKey } from '../state/service-port.ts';

/**
 * The pure half of one mode in one IP family.
 *
 * `Unit` is all that one service port needs in the kernel, as data. `State` is a piece of what the kernel holds (or
 * must hold): all of it, or just the part that some changed units touch. `Changes` leads from one state to another.
 */
export interface Rules<Unit, State, Changes> {
  readonly mode: ProxyMode;
  readonly family: IpFamily;
  /** Why the mode can do nothing for a service port, now or ever; undefined, as without this: it can. Then it is not compiled. */
  unsupported?(port: ServicePort): string | undefined;
  /** What a service port asks for that the mode passes over, and how it does without; undefined, as without this: nothing. */
  passedOver?(port: ServicePort): string | undefined;
  /** `previous` keeps choices stable that more than one answer would do for. */
  compile(port: ServicePort, node: NodeView, previous?: Unit): Unit;
  /** A collection of units that can say what it means for the kernel. Starts with no unit at all. */
  plan(): Plan<Unit, State>;
  /** The state of a kernel that never heard of us. */
  nothing(): State;
  diff(from: State, to: State): Changes;
  /** The same in steps, of a mode whose complete states are large; without it `diff` holds nobody up. */
  diffInSteps?(from: State, to: State): Steps<Changes>;
  isEmpty(changes: Changes): boolean;
  /** How many rules the changes write, by table; a mode without this has no rules to count. */
  countWritten?(changes: Changes): Readonly<Record<string, number>>;
  /** The changes as the text an operator of this mode would understand, for `--dry-run`, `diff` and failure logs. */
  format(changes: Changes): string;
}

/** One mode in one IP family: the rules and the access to the kernel. */
export interface Backend<Unit, State, Changes> extends Rules<Unit, State, Changes> {
  /** All or nothing where the kernel allows it. Throws KernelError: then nobody knows what the kernel holds. */
  apply(changes: Changes, signal: AbortSignal): Promise<Outcome<Unit>>;
  /** What the kernel holds of ours. Throws KernelError. */
  observe(signal: AbortSignal): Promise<State>;
  /**
   * Tells whenever somebody else changed what is ours, until the signal ends it. What it looks at and what it edits, it does
   * in turn, as short as can be: nobody else then changes anything. May reject, and is then begun anew.
   */
  watch(watch: KernelWatch<Plan<Unit, State>>, signal: AbortSignal): Promise<void>;
  /** What went through the service ports of a plan; a mode without this can't tell. Throws KernelError. */
  observeTraffic?(plan: Plan<Unit, State>, signal: AbortSignal): Promise<TrafficOfPorts>;
  /** Leaves nothing of ours in the kernel and touches nothing else. */
  cleanup(signal: AbortSignal): Promise<void>;
  /** Closes what it holds open, if anything; nothing may be asked of it then. What is in the kernel stays. */
  close?(): void;
}

/**
 * Does some work when it is its turn. `observe`, `apply` and what a watch does in turn come one after the other, so that
 * nothing is edited or judged that is just being changed.
 */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** What the watch of a backend is given. The plans are those that the backend has made. */
export interface KernelWatch<P> {
  /** Somebody else changed what is ours; without words when that only may be. */
  readonly drifted: (what?: string) => void;
  readonly inTurn: InTurn;
  /** The plan that the kernel was left with; undefined when nobody knows what it holds: a sync is going to look then. */
  readonly left: () => P | undefined;
}

/**
 * What became of changes. `outdated`: nothing or only some was done, since the kernel is no longer as it was observed, and
 * who looks again gets on; a backend does not say so for ever.
 */
export type Outcome<Unit> = 'applied' | 'outdated' | Partly<Unit>;

/** Of a backend that makes its changes one by one: some were refused, all the others were made. */
export interface Partly<Unit> {
  readonly refused: readonly Refusal[];
  /**
   * What the kernel now holds of a service port that should have this unit, as a unit: the very same if nothing of it was
   * refused. `plan` has what was to be applied. Put into it, the unit makes the next `before` tell what is there. Without it nobody knows, and who wants to
   * looks again.
   */
  held?(key: ServicePortKey, wanted: Unit | undefined, plan: Plan<Unit, unknown>): Unit | undefined;
}

/** What went through a service port since the kernel leads its traffic. */
export interface Traffic {
  /** Of UDP: flows. */
  readonly connections: number;
  /** In bytes, from clients; undefined where nobody counts them. */
  readonly received?: number;
  /** In bytes, to clients. */
  readonly sent?: number;
}

/** Service ports of which nothing is known are missing. */
export type TrafficOfPorts = ReadonlyMap<ServicePortKey, Traffic>;

export interface Refusal {
  /** Whose change it was; undefined: not that of a single one, or there is no such service port any more. */
  readonly servicePort: ServicePortKey | undefined;
  readonly error: KernelError;
}

/** For those who drive a mode and need not know what its units look like. */
export type AnyRules = Rules<unknown, unknown, unknown>;
export type AnyBackend = Backend<unknown, unknown, unknown>;

/** The desired units of one backend, kept up to date change by change. */
export interface Plan<Unit, State> {
  unit(key: ServicePortKey): Unit | undefined;
  /**
   * Puts new units in place (undefined removes one) and returns the touched part of the desired state before and
   * after; the cost depends on the touched part alone.
   */
  update(node: NodeView, units: ReadonlyMap<ServicePortKey, Unit | undefined>): StateChange<State>;
  /**
   * Takes over from what the kernel holds every choice for which more than one answer would do, so that nothing is
   * changed that is right as it is.
   */
  settle(observed: State): Steps<void>;
  /**
   * For who compares the kernel with what a proxy that runs would have there: takes over what such a proxy has decided, and a
   * start would decide anew. Without it there is no such thing.
   */
  adopt?(observed: State): void;
  /** The complete desired state. */
  complete(): State;
  /** How many rules there are, by table; a mode without this has none to count. */
  ruleCounts?(): Readonly<Record<string, number>>;
  /** Where the kernel leads the traffic of a service port; a mode without this leads it to the endpoints. */
  destinations?(key: ServicePortKey): readonly Destination[];
}

export interface StateChange<State> {
  readonly before: State;
  /** May be made up when it is read, so it is read before the next update or not at all. */
  readonly after: State;
}
