/** Which components of the process are up. */
import { COMPONENT_RESTARTS, COMPONENT_UP } from './catalogue/own.ts';
import type { Registry } from './registry.ts';

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
  registry.collected(COMPONENT_UP, () =>
    components().map(({ name, state }) => ({
      labels: { component: name },
      value: state === 'running' ? 1 : 0,
    })),
  );
  registry.collected(COMPONENT_RESTARTS, () =>
    components().map(({ name, restarts }) => ({ labels: { component: name }, value: restarts })),
  );
}
