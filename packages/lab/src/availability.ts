/**
 * Whether a Service answers, asked by new connections every few milliseconds. Runs in a host's thread, so that no message is
 * spent on each.
 */
import { isFailure, type Outcome } from './outcome.ts';
import { requestHttp, type Target } from './request.ts';

export interface WatchOptions {
  /** Between two new connections; 5 unless given. */
  readonly intervalMs?: number | undefined;
  /** How long each may take; 400 unless given. */
  readonly timeoutMs?: number | undefined;
}

/** One new connection, with what came of it. */
export interface Attempt {
  /** Milliseconds since the epoch: when it began, and when it was over. */
  readonly fromMs: number;
  readonly atMs: number;
  readonly outcome: Outcome;
}

/** How long nobody got an answer, and how many did. */
export interface Availability {
  readonly answered: number;
  readonly failed: number;
  /** The longest time without an answer. */
  readonly longestSilenceMs: number;
}

/** Connects until {@link AvailabilityWatch.stop}. */
export class AvailabilityWatch {
  readonly #attempts: Attempt[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(target: Target, { intervalMs = 5, timeoutMs = 400 }: WatchOptions) {
    this.#timer = setInterval(() => {
      const fromMs = nowMs();
      const attempt = requestHttp(target, { timeoutMs }).then((outcome) => {
        this.#attempts.push({ fromMs, atMs: nowMs(), outcome });
        this.#underWay.delete(attempt);
      });
      this.#underWay.add(attempt);
    }, intervalMs);
  }

  /** All that came of it, in the order in which it was over. */
  async stop(): Promise<readonly Attempt[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    return this.#attempts;
  }
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** @param attempts in the order of their times; silence before the first answer and after the last counts, too */
export function availabilityOf(attempts: readonly Attempt[]): Availability {
  const answers = attempts.filter(({ outcome }) => !isFailure(outcome));
  const begun = attempts.map(({ fromMs }) => fromMs);
  // What nobody asked any more is no silence: the last ones may have waited in vain for an endpoint that is dead.
  const ends = begun.length === 0 ? [] : [Math.min(...begun), Math.max(...begun)];
  const times = [...answers.map(({ atMs }) => atMs), ...ends].toSorted((a, b) => a - b);
  const silences = times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs));
  return {
    answered: answers.length,
    failed: attempts.length - answers.length,
    longestSilenceMs: Math.max(0, ...silences),
  };
}
