/** Which components of the process are up. kube-proxy has no names for it. */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface ObservedComponent {
  readonly name: string;
  readonly state: string;
  /** How often it was started again after a failure of its own. */
  readonly restarts: number;
}

/** Asked for when somebody reads the metrics. */
export function registerComponentMetrics(
  registry: Registry,
  components: () => readonly ObservedComponent[],
): void {
  new Gauge({
    name: 'menwei_component_up',
    help: '1: the component is running; 0: it is starting, has failed, or waits for another one',
    labelNames: ['component'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, state } of components()) this.set({ component: name }, state === 'running' ? 1 : 0);
    },
  });
  new Counter({
    name: 'menwei_component_restarts_total',
    help: 'Restarts of a component after failures',
    labelNames: ['component'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, restarts } of components()) this.inc({ component: name }, restarts);
    },
  });
}
