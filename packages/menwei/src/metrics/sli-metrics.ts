/** The service level indicators of Kubernetes components: how their health checks went, at /metrics/slis. */
import type { ProxyMode } from '../config/settings.ts';
import { HEALTHCHECK, HEALTHCHECKS } from './catalogue/libraries.ts';
import { Registry } from './registry.ts';

export class SliMetrics {
  readonly registry: Registry;
  readonly #last;
  readonly #all;

  constructor(mode: ProxyMode) {
    this.registry = new Registry(mode);
    this.#last = this.registry.gauge(HEALTHCHECK);
    this.#all = this.registry.counter(HEALTHCHECKS);
  }

  /** @param type the path at which it was asked for: `healthz`, `livez` */
  observe(name: string, type: string, passed: boolean): void {
    this.#last.set({ name, type }, passed ? 1 : 0);
    this.#all.add({ name, type, status: passed ? 'success' : 'error' }, 1);
  }
}
