/** One component and its failures: it runs while what it needs is ready, and again after a while when it has failed. */
import { formatErrorChain } from '../log/error-text.ts';
import type { Logger } from '../log/logger.ts';
import { pause, untilAborted } from '../scheduling/pause.ts';
import { type RetryTiming, retryDelayMs } from '../scheduling/retry.ts';
import { type Component, type ComponentState, type ComponentStates, DEFAULT_STOP_MS } from './component.ts';

const RETRY: RetryTiming = { maxMs: 30_000 };
/** After it was ready for so long, a failure counts as the first again. */
const RAN_WELL_MS = 30_000;

export interface SupervisionOptions {
  /** What it tells of the components. */
  readonly states: ComponentStates;
  readonly logger: Logger;
  /** Up to half a minute, unless given. */
  readonly retry?: RetryTiming;
  /** Called with the error of a component without which the process must not go on. */
  readonly endProcess: (error: unknown) => void;
}

interface Failure {
  readonly error: unknown;
}

export class SupervisedComponent {
  readonly #component: Component;
  readonly #needed: readonly SupervisedComponent[];
  readonly #needing: SupervisedComponent[] = [];
  readonly #options: SupervisionOptions;
  readonly #stopping = new AbortController();
  /** Gives, once it is ready, the signal that fires when it no longer is. */
  #ready = Promise.withResolvers<AbortSignal>();
  /** On the clock of `performance.now()`; undefined while it is not ready. */
  #readySinceMs: number | undefined;
  /** Rejects if it fails after it was told to stop. */
  #ended: Promise<void> = Promise.resolve();
  /** Ends the present run. */
  #over = new AbortController();
  #stopped: Promise<void> | undefined;
  /** The last one; undefined once it was ready after that. */
  #failure: Failure | undefined;
  /** In a row. */
  #failures = 0;
  #restarts = 0;

  constructor(component: Component, needed: readonly SupervisedComponent[], options: SupervisionOptions) {
    this.#component = component;
    this.#needed = needed;
    this.#options = options;
    for (const each of needed) each.#needing.push(this);
    component.onSupervised?.(() => this.#over.abort());
    this.#tell('waiting');
  }

  start(): void {
    this.#ended = this.#runUntilStopped();
    // That is for who stops it.
    this.#ended.catch(() => undefined);
  }

  /** Stops it after all that need it. Rejects if it fails then, or does not end in time. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAfterNeeding();
    return this.#stopped;
  }

  async #stopAfterNeeding(): Promise<void> {
    await Promise.allSettled(this.#needing.map((each) => each.stop()));
    const { name, stopMs = DEFAULT_STOP_MS } = this.#component;
    this.#stopping.abort();
    const late = Promise.withResolvers<never>();
    const error = new Error(`component ${name} did not stop within ${stopMs} ms`);
    const timer = setTimeout(() => late.reject(error), stopMs);
    try {
      await Promise.race([this.#ended, late.promise]);
    } catch (error) {
      this.#options.logger.error({ component: name, err: error }, 'component did not stop cleanly');
      throw error;
    } finally {
      clearTimeout(timer);
    }
    this.#tell('stopped');
  }

  async #runUntilStopped(): Promise<void> {
    const stopping = this.#stopping.signal;
    while (!stopping.aborted) {
      const needed = await this.#untilNeededAreReady();
      if (stopping.aborted) return;
      const failure = await this.#runOnce([stopping, ...needed]);
      if (failure === undefined) this.#tell('waiting');
      else if (stopping.aborted) throw failure.error;
      else await this.#recover(failure);
    }
  }

  async #untilNeededAreReady(): Promise<readonly AbortSignal[]> {
    const stopping = this.#stopping.signal;
    const stopped = Promise.withResolvers<readonly AbortSignal[]>();
    const stop = () => stopped.resolve([]);
    stopping.addEventListener('abort', stop);
    try {
      for (;;) {
        const ready = Promise.all(this.#needed.map((each) => each.#ready.promise));
        const signals = await Promise.race([ready, stopped.promise]);
        // One may have failed while it waited for another one.
        if (!signals.some(({ aborted }) => aborted)) return signals;
      }
    } finally {
      stopping.removeEventListener('abort', stop);
    }
  }

  /** Undefined: it ended because it was told to. */
  async #runOnce(told: readonly AbortSignal[]): Promise<Failure | undefined> {
    const over = new AbortController();
    this.#over = over;
    const signal = AbortSignal.any([...told, over.signal]);
    this.#readySinceMs = undefined;
    signal.addEventListener('abort', () => this.#beUnready(), { once: true });
    this.#tell(this.#failure === undefined ? 'starting' : 'restarting');
    try {
      await this.#component.run(signal, () => this.#beReady(signal));
      return signal.aborted ? undefined : { error: new Error('ended unexpectedly') };
    } catch (error) {
      return signal.aborted && isAbort(error, signal) ? undefined : { error };
    } finally {
      over.abort();
    }
  }

  #beReady(signal: AbortSignal): void {
    if (signal.aborted || this.#readySinceMs !== undefined) return;
    this.#readySinceMs = performance.now();
    const failure = this.#failure;
    this.#failure = undefined;
    this.#tell('running');
    if (failure !== undefined)
      this.#options.logger.info({ component: this.#component.name }, 'component is running again');
    this.#ready.resolve(signal);
  }

  #beUnready(): void {
    // Whoever waits already waits for the next time.
    if (this.#readySinceMs !== undefined) this.#ready = Promise.withResolvers();
  }

  async #recover(failure: Failure): Promise<void> {
    const { error } = failure;
    const { name, onFailure } = this.#component;
    const stopping = this.#stopping.signal;
    if (onFailure === 'end the process') {
      this.#options.endProcess(error);
      // Never again.
      return untilAborted(stopping);
    }
    const readyMs = this.#readySinceMs === undefined ? 0 : performance.now() - this.#readySinceMs;
    this.#failure = failure;
    this.#failures = readyMs >= RAN_WELL_MS ? 1 : this.#failures + 1;
    this.#restarts++;
    const retryMs = retryDelayMs(this.#failures, this.#options.retry ?? RETRY);
    this.#tell('restarting');
    this.#options.logger.error({ component: name, err: error, retryMs }, 'component failed; restarting');
    await pause(retryMs, stopping);
  }

  #tell(state: ComponentState): void {
    const { name } = this.#component;
    const former = this.#options.states.get(name);
    this.#options.states.set({
      name,
      state,
      sinceMs: former?.state === state ? former.sinceMs : Date.now(),
      restarts: this.#restarts,
      ...(this.#failure === undefined ? {} : { error: formatErrorChain(this.#failure.error) }),
    });
  }
}

/** Waiting that was cut short is no failure. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === 'AbortError');
}
