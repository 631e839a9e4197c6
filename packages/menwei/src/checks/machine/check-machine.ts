/**
 * All targets that are checked, when each is asked next, and what its answers make of it (health §§ 3-5). Pure: time and
 * random numbers are arguments, and checks are begun and ended by who drives it.
 */
import { type CheckResult, isEjected } from '../../state/endpoint-health.ts';
import { Blindness } from './blindness.ts';
import { RateBudget } from './rate.ts';
import { ServiceGroup } from './service-group.ts';
import { type Check, Target, type TargetOrder, targetName, type VerdictChange } from './target.ts';
import { TICK_MS, TimerWheel } from './timer-wheel.ts';
import { nextVerdict, type Verdict } from './verdict.ts';

/** How long what is known of an endpoint is kept that is not ready meanwhile. */
const PARKED_MS = 300_000;
const JITTER = 0.1;
const NOTHING = () => undefined;

interface MachineOptions {
  readonly ratePerSecond: number;
  /** 0 to 1 */
  readonly random: () => number;
  readonly nowMs: number;
}

/** What there is to do after time has passed. */
interface DueChecks {
  readonly start: readonly Check[];
  /** Ended without an answer: to be cancelled on the wire. */
  readonly end: readonly Check[];
}

/** What happened since the last look. */
interface MachineNews {
  readonly changes: readonly VerdictChange[];
  /** Groups whose check is doubted from now on. */
  readonly neverSucceeded: readonly string[];
  /** How often a check had to wait for the rate. */
  readonly delayed: number;
}

interface Parked {
  readonly group: ServiceGroup;
  readonly verdict: Verdict;
  readonly untilMs: number;
}

export class CheckMachine {
  readonly #random: () => number;
  readonly #targets = new Map<number, Target>();
  readonly #groups = new Map<string, ServiceGroup>();
  readonly #parked = new Map<string, Parked>();
  readonly #starts: TimerWheel<Target>;
  readonly #deadlines: TimerWheel<Check>;
  readonly #rate: RateBudget;
  readonly #blindness = new Blindness();
  readonly #queue: Target[] = [];
  /** Went down a moment ago, in the order of the time until which they count among those that fail together. */
  #fallen: { readonly target: Target; readonly untilMs: number }[] = [];
  #changes: VerdictChange[] = [];
  #neverSucceeded: string[] = [];
  #delayed = 0;
  #checksPerMs = 0;
  #lastMs: number;
  #purgeMs: number;

  constructor({ ratePerSecond, random, nowMs }: MachineOptions) {
    this.#random = random;
    this.#starts = new TimerWheel(nowMs, ({ dueTick }) => dueTick);
    this.#deadlines = new TimerWheel(nowMs, ({ deadlineTick }) => deadlineTick);
    this.#rate = new RateBudget(ratePerSecond, nowMs);
    this.#lastMs = nowMs;
    this.#purgeMs = nowMs + PARKED_MS;
  }

  get size(): number {
    return this.#targets.size;
  }

  get hasNews(): boolean {
    return this.#changes.length > 0 || this.#neverSucceeded.length > 0;
  }

  /** Verdicts about endpoints on other nodes do not change to the worse: this node itself is the suspect. */
  get isBlind(): boolean {
    return this.#blindness.isBlind;
  }

  /** By how much intervals are stretched so that the rate is kept; 1: not at all. */
  get stretch(): number {
    return Math.max(1, (this.#checksPerMs * 1_000) / this.#rate.perSecond);
  }

  changeRate(perSecond: number): void {
    this.#rate.change(perSecond);
  }

  add(order: TargetOrder, nowMs: number): void {
    const group = this.#groups.get(order.group) ?? new ServiceGroup(order.group);
    this.#groups.set(order.group, group);
    const target = new Target(order, group);
    this.#targets.set(order.id, target);
    this.#checksPerMs += 1 / order.timing.intervalMs;
    group.size++;
    if (order.isRemote) {
      group.remote++;
      if (group.hasSucceeded) this.#blindness.remote++;
    }
    const verdict = this.#firstVerdict(target, nowMs);
    if (verdict.state !== 'unknown') this.#change(target, verdict, nowMs);
    const untilFirstMs = isEjected(verdict.state) ? 0 : this.#random() * order.timing.intervalMs;
    this.#schedule(target, nowMs + untilFirstMs);
  }

  /** @param isKept it may come back soon, as what it is now: the endpoint is not ready */
  remove(id: number, nowMs: number, isKept: boolean): readonly Check[] {
    const target = this.#targets.get(id);
    if (target === undefined) return [];
    const { order, group } = target;
    this.#targets.delete(id);
    this.#setTroubled(target, false);
    target.isGone = true;
    target.dueTick = -1;
    this.#checksPerMs = this.#targets.size === 0 ? 0 : this.#checksPerMs - 1 / order.timing.intervalMs;
    group.size--;
    if (!target.isUsed) group.down--;
    if (order.isRemote) {
      group.remote--;
      if (group.hasSucceeded) this.#blindness.remote--;
    }
    if (isKept && target.verdict.state !== 'unknown')
      this.#parked.set(targetName(order), { group, verdict: target.verdict, untilMs: nowMs + PARKED_MS });
    return this.#endAll(target);
  }

  /** Time has passed in which nobody looked, as there was nothing to look for. */
  resume(nowMs: number): void {
    this.#lastMs = nowMs;
    this.advance(nowMs);
  }

  /** Lets time pass. */
  advance(nowMs: number): DueChecks {
    const end: Check[] = this.#voidLate(nowMs);
    for (const check of this.#deadlines.advance(nowMs)) {
      this.#answer(check, 'timeout', '', nowMs);
      check.isTimedOut = true;
      end.push(check);
    }
    this.#settleFallen(nowMs);
    if (this.#blindness.judge()) this.#blindnessChanged(nowMs);
    if (nowMs >= this.#purgeMs) this.#purge(nowMs);
    const due = this.#starts.advance(nowMs);
    for (const target of due) {
      if (target.isWaiting) continue;
      target.isWaiting = true;
      target.dueTick = -1;
      this.#queue.push(target);
    }
    const start = this.#startQueued(nowMs);
    this.#delayed += Math.min(due.length, this.#queue.length);
    return { start, end };
  }

  /** The answer to a check; returns whether it is one, and did not come too late. */
  answered(check: Check, result: CheckResult, detail: string, nowMs: number): boolean {
    if (check.deadlineTick < 0) return false;
    this.#answer(check, result, detail, nowMs);
    return true;
  }

  /** What happened since this was called last. */
  takeNews(): MachineNews {
    const news = { changes: this.#changes, neverSucceeded: this.#neverSucceeded, delayed: this.#delayed };
    this.#changes = [];
    this.#neverSucceeded = [];
    this.#delayed = 0;
    return news;
  }

  #firstVerdict(target: Target, nowMs: number): Verdict {
    const { start } = target.order;
    const name = targetName(target.order);
    const parked = this.#parked.get(name);
    this.#parked.delete(name);
    if (parked !== undefined && parked.untilMs > nowMs) return parked.verdict;
    if (start === 'unknown') return target.verdict;
    // It was ejected by checks that work.
    if (start === 'down') this.#succeeded(target.group);
    return { state: 'down', streak: 0 };
  }

  /** Nobody looked at the clock for so long that answers may have waited: they say nothing about endpoints. */
  #voidLate(nowMs: number): Check[] {
    const lateMs = nowMs - this.#lastMs - TICK_MS;
    this.#lastMs = nowMs;
    if (lateMs < TICK_MS) return [];
    const ended: Check[] = [];
    for (const target of this.#targets.values()) {
      if (target.inFlight.length === 0 || lateMs <= target.order.timing.timeoutMs / 2) continue;
      ended.push(...this.#endAll(target));
      this.#schedule(target, nowMs);
    }
    return ended;
  }

  /** Forgets what nobody has come back for. */
  #purge(nowMs: number): void {
    this.#purgeMs = nowMs + PARKED_MS;
    for (const [key, { untilMs }] of this.#parked) if (untilMs <= nowMs) this.#parked.delete(key);
    const kept = new Set([...this.#parked.values()].map(({ group }) => group));
    for (const group of this.#groups.values())
      if (group.size === 0 && !kept.has(group)) this.#groups.delete(group.name);
  }

  #endAll(target: Target): readonly Check[] {
    const ended = target.takeInFlight();
    for (const check of ended) check.deadlineTick = -1;
    return ended;
  }

  #startQueued(nowMs: number): readonly Check[] {
    this.#rate.fill(nowMs);
    const checks: Check[] = [];
    let taken = 0;
    for (const target of this.#queue) {
      if (!target.isGone) {
        if (!this.#rate.take()) break;
        checks.push(this.#start(target, nowMs));
      }
      taken++;
    }
    this.#queue.splice(0, taken);
    return checks;
  }

  #start(target: Target, nowMs: number): Check {
    const { intervalMs, timeoutMs } = target.order.timing;
    target.isWaiting = false;
    target.lastStartMs = nowMs;
    target.intervalMs = Math.round(intervalMs * (1 - JITTER + 2 * JITTER * this.#random()));
    target.started++;
    // Unanswered while the next one begins: not a failure yet, and a reason to doubt the network.
    const isOverdue = target.inFlight.length > 0 && target.isUsed && target.group.hasSucceeded;
    if (isOverdue) this.#setTroubled(target, true);
    const deadlineTick = this.#deadlines.tickAt(nowMs + timeoutMs);
    const check: Check = {
      target,
      number: target.started,
      deadlineTick,
      isTimedOut: false,
      cancel: NOTHING,
    };
    target.began(check);
    this.#deadlines.add(check, deadlineTick);
    this.#scheduleNext(target);
    return check;
  }

  #answer(check: Check, result: CheckResult, detail: string, nowMs: number): void {
    const { target } = check;
    check.deadlineTick = -1;
    target.ended(check);
    if (target.isGone) return;
    // A later check has said more than this one can.
    if (check.number > target.counted && result !== 'local-error') {
      target.counted = check.number;
      this.#count(target, result, detail, nowMs);
    }
    this.#scheduleNext(target);
  }

  #count(target: Target, result: CheckResult, detail: string, nowMs: number): void {
    const { group, order } = target;
    const isOk = result === 'ok';
    const isFirst = !target.hasResult;
    target.hasResult = true;
    target.lastResult = result;
    target.lastDetail = detail;
    if (isOk) this.#succeeded(group);
    else if (group.failed()) this.#doubt(group, nowMs);
    if (group.isDoubted) return;
    const { fall, rise, intervalMs } = order.timing;
    const isFrozen = order.isRemote && this.#blindness.isBlind;
    const verdict = nextVerdict(target.verdict, isOk, {
      fall,
      rise,
      isUnproven: !group.hasSucceeded,
      mayFall: !isFrozen && group.mayEject(nowMs, intervalMs),
    });
    if (isOk) this.#setTroubled(target, false);
    else if (target.isUsed && group.hasSucceeded) this.#setTroubled(target, true);
    if (verdict.state !== target.verdict.state || isFirst) this.#change(target, verdict, nowMs);
    else target.verdict = verdict;
  }

  #change(target: Target, verdict: Verdict, nowMs: number): void {
    const { group, order } = target;
    const wasUsed = target.isUsed;
    target.verdict = verdict;
    if (wasUsed && !target.isUsed) {
      group.ejected(nowMs);
      if (order.isRemote && target.isTroubled)
        this.#fallen.push({ target, untilMs: nowMs + 2 * order.timing.intervalMs });
    } else if (!wasUsed && target.isUsed) group.down--;
    const { lastResult: result, lastDetail: detail } = target;
    this.#changes.push({ id: order.id, state: verdict.state, result, detail });
  }

  #succeeded(group: ServiceGroup): void {
    if (group.hasSucceeded) return;
    group.hasSucceeded = true;
    this.#blindness.remote += group.remote;
  }

  /** Its check is what is wrong: nothing of the Service is out of use because of it. */
  #doubt(group: ServiceGroup, nowMs: number): void {
    this.#neverSucceeded.push(group.name);
    for (const target of this.#targets.values())
      if (target.group === group && !target.isUsed)
        this.#change(target, { state: 'unknown', streak: 0 }, nowMs);
  }

  #setTroubled(target: Target, isTroubled: boolean): void {
    if (!target.order.isRemote || target.isTroubled === isTroubled) return;
    target.isTroubled = isTroubled;
    this.#blindness.troubled += isTroubled ? 1 : -1;
  }

  /** Those that went down long enough ago did not do so together with what fails now. */
  #settleFallen(nowMs: number): void {
    const [first] = this.#fallen;
    if (first === undefined || first.untilMs > nowMs) return;
    for (const { target, untilMs } of this.#fallen)
      if (untilMs <= nowMs && !target.isUsed) this.#setTroubled(target, false);
    this.#fallen = this.#fallen.filter(({ untilMs }) => untilMs > nowMs);
  }

  #blindnessChanged(nowMs: number): void {
    if (this.#blindness.isBlind) {
      // They went down for the reason that is known only now.
      for (const { target } of this.#fallen)
        if (!target.isGone && target.verdict.state === 'down')
          this.#change(target, { state: 'failing', streak: 1 }, nowMs);
      this.#fallen = [];
      return;
    }
    // What failed meanwhile was not their fault; checks that are under way began meanwhile.
    for (const target of this.#targets.values())
      if (target.order.isRemote && target.verdict.state === 'failing') {
        target.verdict = { state: 'failing', streak: 0 };
        target.counted = target.started;
      }
  }

  #scheduleNext(target: Target): void {
    const { fastMs, fall } = target.order.timing;
    if (target.isGone || target.isWaiting) return;
    const isAnswered = target.inFlight.length === 0;
    // One that does not answer is asked again meanwhile, so that it is known sooner.
    const isFast = isAnswered
      ? target.isInTransition
      : target.isUsed && target.group.hasSucceeded && target.inFlight.length < fall;
    this.#schedule(target, target.lastStartMs + (isFast ? fastMs : target.intervalMs));
  }

  #schedule(target: Target, atMs: number): void {
    if (target.isWaiting) return;
    const tick = this.#starts.tickAt(atMs);
    if (tick === target.dueTick) return;
    target.dueTick = tick;
    this.#starts.add(target, tick);
  }
}
