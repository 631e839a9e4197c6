/** Components that fail when a test wants them to. */
import type { Component } from 'menwei/agent/component.ts';
import { untilAborted } from 'menwei/scheduling/pause.ts';

export class ComponentFaults {
  readonly #running = new Map<string, (error: Error) => void>();
  readonly #held = new Map<string, Promise<void>>();

  /** The same components, any of which can be made to fail while it runs. */
  among(components: readonly Component[]): readonly Component[] {
    return components.map((component) => ({
      ...component,
      run: (signal: AbortSignal, ready: () => void) => this.#run(component, signal, ready),
    }));
  }

  /**
   * As if the component had thrown somewhere: it cleans up what it cleans up in any case, and fails. Started again it does
   * nothing until the function is called that this returns.
   */
  kill(name: string, error = new Error('injected fault')): () => void {
    const fail = this.#running.get(name);
    if (fail === undefined) throw new Error(`component ${name} does not run`);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(name, promise);
    fail(error);
    return resolve;
  }

  async #run(component: Component, signal: AbortSignal, ready: () => void): Promise<void> {
    const { name } = component;
    await Promise.race([this.#held.get(name), untilAborted(signal)]);
    if (signal.aborted) return;
    const end = new AbortController();
    const fault = Promise.withResolvers<never>();
    this.#running.set(name, fault.reject);
    const work = component.run(AbortSignal.any([signal, end.signal]), ready);
    try {
      await Promise.race([work, fault.promise]);
    } catch (error) {
      end.abort();
      await work.catch(() => undefined);
      throw error;
    } finally {
      this.#running.delete(name);
    }
  }
}
