/** What Prometheus reads of active checks of endpoints. */
import type { CheckResult, HealthState } from '../state/endpoint-health.ts';
import {
  HEALTH_CHECK_DURATION,
  HEALTH_CHECKS,
  HEALTH_FROZEN,
  HEALTH_RATE_LIMITED,
  HEALTH_STRETCH,
  HEALTH_TRANSITIONS,
} from './catalogue/health-checks.ts';
import type { Registry } from './registry.ts';

/** What was checked since the last report. */
interface CheckReport {
  readonly results: ReadonlyMap<CheckResult, number>;
  /** Of each check that was answered. */
  readonly seconds: Iterable<number>;
  /** Checks that had to wait for the rate. */
  readonly delayed: number;
  readonly stretch: number;
}

export class HealthCheckMetrics {
  readonly #checks;
  readonly #duration;
  readonly #transitions;
  readonly #limited;
  readonly #stretch;
  readonly #frozen;

  constructor(registry: Registry) {
    this.#checks = registry.counter(HEALTH_CHECKS);
    this.#duration = registry.histogram(HEALTH_CHECK_DURATION);
    this.#transitions = registry.counter(HEALTH_TRANSITIONS);
    this.#limited = registry.counter(HEALTH_RATE_LIMITED);
    this.#limited.add({}, 0);
    this.#stretch = registry.gauge(HEALTH_STRETCH);
    this.#frozen = registry.gauge(HEALTH_FROZEN);
    this.stopped();
  }

  report({ results, seconds, delayed, stretch }: CheckReport): void {
    for (const [result, count] of results) this.#checks.add({ result }, count);
    for (const each of seconds) this.#duration.observe({}, each);
    if (delayed > 0) this.#limited.add({}, delayed);
    this.#stretch.set({}, stretch);
  }

  transition(to: HealthState): void {
    this.#transitions.add({ to }, 1);
  }

  blind(isBlind: boolean): void {
    this.#frozen.set({}, isBlind ? 1 : 0);
  }

  /** Nothing is checked any more. */
  stopped(): void {
    this.#stretch.set({}, 1);
    this.#frozen.set({}, 0);
  }
}
