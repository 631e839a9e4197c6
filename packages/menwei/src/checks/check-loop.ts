/** Drives the machine: lets time pass, begins checks on the wire and ends them, and tells what came of it. */

import type { HealthProbe } from '../kubernetes/health-check.ts';
import type { CheckResult } from '../state/endpoint-health.ts';
import { CheckMachine } from './machine/check-machine.ts';
import type { Check } from './machine/target.ts';
import { TICK_MS } from './machine/timer-wheel.ts';
import type { Answer, Asked, Cancel } from './probes/probe.ts';
import type { ThreadData, ThreadMessage, ThreadRequest } from './thread-messages.ts';

const REPORT_MS = 1_000;
const NOTHING = () => undefined;

interface CheckLoopOptions extends ThreadData {
  readonly startProbe: (probe: HealthProbe, asked: Asked, userAgent: string, answer: Answer) => Cancel;
  readonly tell: (message: ThreadMessage) => void;
}

export class CheckLoop {
  readonly #options: CheckLoopOptions;
  readonly #machine: CheckMachine;
  #timer: NodeJS.Timeout | undefined;
  #isBlind = false;
  #isTelling = false;
  #results = new Map<CheckResult, number>();
  #seconds: number[] = [];
  #delayed = 0;
  #toldStretch = 1;
  #reportedMs: number;

  constructor(options: CheckLoopOptions) {
    const nowMs = now();
    this.#options = options;
    this.#machine = new CheckMachine({
      ratePerSecond: options.ratePerSecond,
      random: Math.random,
      nowMs,
    });
    this.#reportedMs = nowMs;
  }

  take(request: ThreadRequest): void {
    if ('ratePerSecond' in request) {
      this.#machine.changeRate(request.ratePerSecond);
      return;
    }
    const nowMs = now();
    // What has been due since must not be taken for a clock that stood still.
    if (this.#timer === undefined) this.#machine.resume(nowMs);
    for (const { id, isKept } of request.remove) this.#end(this.#machine.remove(id, nowMs, isKept));
    for (const order of request.add) this.#machine.add(order, nowMs);
    this.#tellNews();
    this.#timer ??= setTimeout(() => this.#tick(), TICK_MS);
  }

  #tick(): void {
    const nowMs = now();
    const { start, end } = this.#machine.advance(nowMs);
    for (const check of end) {
      check.cancel();
      if (check.isTimedOut) this.#counted('timeout');
    }
    for (const check of start) this.#start(check);
    this.#tellNews();
    if (nowMs - this.#reportedMs >= REPORT_MS) this.#report(nowMs);
    const isIdle = this.#machine.size === 0;
    if (isIdle) this.#report(nowMs);
    this.#timer = isIdle
      ? undefined
      : setTimeout(() => this.#tick(), TICK_MS - (performance.now() % TICK_MS));
  }

  #start(check: Check): void {
    const { ip, port, probe, timing } = check.target.order;
    const { timeoutMs, fastMs } = timing;
    const { startProbe, userAgent } = this.#options;
    const startedMs = performance.now();
    check.cancel = startProbe(probe, { ip, port, timeoutMs, fastMs }, userAgent, (result, detail) => {
      if (!this.#machine.answered(check, result, detail, now())) return;
      // The machine knows it until it would have been given up; what it was made of is of no use any more.
      check.cancel = NOTHING;
      this.#counted(result);
      this.#seconds.push((performance.now() - startedMs) / 1_000);
      // Answers that come together are told together.
      if (!this.#machine.hasNews || this.#isTelling) return;
      this.#isTelling = true;
      setImmediate(() => {
        this.#isTelling = false;
        this.#tellNews();
      });
    });
  }

  #end(checks: readonly Check[]): void {
    for (const check of checks) check.cancel();
  }

  #counted(result: CheckResult): void {
    this.#results.set(result, (this.#results.get(result) ?? 0) + 1);
  }

  #tellNews(): void {
    const { changes, neverSucceeded, delayed } = this.#machine.takeNews();
    this.#delayed += delayed;
    const { isBlind } = this.#machine;
    const blindness = isBlind === this.#isBlind ? {} : { isBlind };
    if (changes.length === 0 && neverSucceeded.length === 0 && isBlind === this.#isBlind) return;
    this.#isBlind = isBlind;
    this.#options.tell({ news: { changes, neverSucceeded, ...blindness } });
  }

  #report(nowMs: number): void {
    this.#reportedMs = nowMs;
    const { stretch } = this.#machine;
    if (this.#results.size === 0 && this.#delayed === 0 && stretch === this.#toldStretch) return;
    this.#toldStretch = stretch;
    const seconds = Float32Array.from(this.#seconds);
    this.#options.tell({ report: { results: this.#results, seconds, delayed: this.#delayed, stretch } });
    this.#results = new Map();
    this.#seconds = [];
    this.#delayed = 0;
  }
}

/** Whole milliseconds take less to keep. */
function now(): number {
  return Math.round(performance.now());
}
