/** The service level indicators of Kubernetes components: how their health checks went, at /metrics/slis. */
import { HEALTHCHECK, HEALTHCHECKS } from './catalogue/libraries.ts';
import { Registry } from './registry.ts';

export class SliMetrics {
  readonly registry = new Registry('iptables');
  readonly #last = this.registry.gauge(HEALTHCHECK);
  readonly #all = this.registry.counter(HEALTHCHECKS);

  /** @param type the path at which it was asked for: `healthz`, `livez` */
  observe(name: string, type: string, passed: boolean): void {
    this.#last.set({ name, type }, passed ? 1 : 0);
    this.#all.add({ name, type, status: passed ? 'success' : 'error' }, 1);
  }
}
