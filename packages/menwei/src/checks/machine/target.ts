/** What is checked: an address and port, on behalf of service ports of one Service. */
import type { HealthProbe } from '../../kubernetes/health-check.ts';
import { type CheckResult, type HealthState, isEjected } from '../../state/endpoint-health.ts';
import type { ServiceGroup } from './service-group.ts';
import { UNKNOWN, type Verdict } from './verdict.ts';

/** What a check is told of it; plain data, copied between threads. */
export interface TargetOrder {
  /** Chosen by who orders: never used twice. */
  readonly id: number;
  /** Checks that belong together: of one Service and one way of asking. With address and port it names the target. */
  readonly group: string;
  readonly ip: string;
  readonly port: number;
  readonly isRemote: boolean;
  readonly probe: HealthProbe;
  readonly timing: Timing;
  /**
   * - `down`: it is known to be out of use by checks such as this one, and is asked at once;
   * - `initial-down`: it is out of use, too, but that says nothing about whether the check is right.
   */
  readonly start: 'unknown' | 'down' | 'initial-down';
}

/** What is to be done from now on; first what goes, then what comes. */
export interface TargetOrders {
  readonly remove: readonly { readonly id: number; readonly isKept: boolean }[];
  readonly add: readonly TargetOrder[];
}

/** The same when it is ordered again: a state that was put by is taken up. */
export function targetName({ group, ip, port }: Pick<TargetOrder, 'group' | 'ip' | 'port'>): string {
  return `${group} ${ip} ${port}`;
}

export interface Timing {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fastMs: number;
  readonly fall: number;
  readonly rise: number;
}

/** A verdict that was reached, as it leaves the machine. */
export interface VerdictChange {
  readonly id: number;
  readonly state: HealthState;
  readonly result: CheckResult;
  readonly detail: string;
}

/** One check under way. */
export interface Check {
  readonly target: Target;
  /** Of two checks of a target, the one that began later has the larger number. */
  readonly number: number;
  /** When it is given up; -1: it is over. */
  deadlineTick: number;
  isTimedOut: boolean;
  /** Ends it on the wire; set by who makes it. */
  cancel: () => void;
}

const NO_CHECKS: readonly Check[] = [];
const NOT_CHECKED = 'not checked yet';

export class Target {
  readonly order: TargetOrder;
  readonly group: ServiceGroup;
  verdict: Verdict = UNKNOWN;
  /** When the next check is due; -1: never. */
  dueTick = -1;
  /** Its turn has come, and it waits for the rate. */
  isWaiting = false;
  isGone = false;
  lastStartMs = Number.NEGATIVE_INFINITY;
  /** The interval after the last start, with its jitter. */
  intervalMs: number;
  /** Replaced with each change: most have none, and a list that grows takes more than all the rest. */
  inFlight: readonly Check[] = NO_CHECKS;
  started = 0;
  /** Checks up to this number have counted, or never will. */
  counted = 0;
  hasResult = false;
  /** Of the last check that counted. */
  lastResult: CheckResult = 'local-error';
  lastDetail = NOT_CHECKED;
  /** It counts among those that fail together. */
  isTroubled = false;

  constructor(order: TargetOrder, group: ServiceGroup) {
    this.order = order;
    this.group = group;
    this.intervalMs = order.timing.intervalMs;
  }

  began(check: Check): void {
    this.inFlight = this.inFlight.length === 0 ? [check] : [...this.inFlight, check];
  }

  ended(check: Check): void {
    const rest = this.inFlight.filter((each) => each !== check);
    this.inFlight = rest.length === 0 ? NO_CHECKS : rest;
  }

  /** All that are under way. */
  takeInFlight(): readonly Check[] {
    const taken = this.inFlight;
    this.inFlight = NO_CHECKS;
    return taken;
  }

  get isUsed(): boolean {
    return !isEjected(this.verdict.state);
  }

  get isInTransition(): boolean {
    const { state } = this.verdict;
    return state === 'failing' || state === 'recovering';
  }
}
