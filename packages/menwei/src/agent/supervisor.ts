/** Runs a set of components: starts them in the order of their needs, starts again what failed, stops each after what needs it. */
import type { Component } from './component.ts';
import { SupervisedComponent, type SupervisionOptions } from './supervised-component.ts';

type SupervisorOptions = Omit<SupervisionOptions, 'endProcess'>;

/**
 * Runs the components until the signal fires, or one fails whose failure ends the process. When all have stopped it rejects
 * with that failure, or else with that of one that did not stop as it should.
 *
 * @throws Error (`BUG:`) if a component needs what does not stand before it
 */
export async function supervise(
  components: readonly Component[],
  options: SupervisorOptions,
  signal: AbortSignal,
): Promise<void> {
  const ending = Promise.withResolvers<readonly unknown[]>();
  const supervised = wire(components, { ...options, endProcess: (error) => ending.resolve([error]) });
  const stop = () => ending.resolve([]);
  if (signal.aborted) return;
  signal.addEventListener('abort', stop, { once: true });
  for (const component of supervised) component.start();
  const fatal = await ending.promise;
  signal.removeEventListener('abort', stop);
  const stops = await Promise.allSettled(supervised.map((component) => component.stop()));
  const failures = [...fatal, ...stops.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))];
  if (failures.length > 0) throw failures[0];
}

function wire(components: readonly Component[], options: SupervisionOptions): readonly SupervisedComponent[] {
  const byName = new Map<string, SupervisedComponent>();
  for (const component of components) {
    const { name, needs = [] } = component;
    if (byName.has(name)) throw new Error(`BUG: there are two components ${name}`);
    const needed = needs.map((need) => {
      const found = byName.get(need);
      if (found === undefined)
        throw new Error(`BUG: component ${name} needs ${need}, which does not stand before it`);
      return found;
    });
    byName.set(name, new SupervisedComponent(component, needed, options));
  }
  return [...byName.values()];
}
