/** What the process is made of: parts that run side by side, each with a name and a failure policy. */

/**
 * What the failure of a component means. `restart`: it is started again after a while, and all that does not need it goes
 * on. `end the process`: going on without it would be wrong, or was ruled out by a setting.
 */
type FailurePolicy = 'restart' | 'end the process';

/** A part of the process that runs until it is told to stop. */
export interface Component {
  /** As logs, metrics and `/components` name it: `proxy-ipv4`. */
  readonly name: string;
  /**
   * Names of components that must be ready before this one starts; they stand before it in the set. It is stopped before
   * they are, and started anew when one of them was.
   */
  readonly needs?: readonly string[];
  readonly onFailure: FailurePolicy;
  /** How long it may take to stop, in milliseconds; {@link DEFAULT_STOP_MS} unless given. */
  readonly stopMs?: number;
  /**
   * Runs until the signal fires, and resolves when nothing of it is left. Every call begins anew, from the settings and the
   * state. It fails by rejecting, by throwing, and by ending before the signal has fired; the signal fires after a failure,
   * too, so that what is left of it ends.
   *
   * @param ready to be called once it does what it is there for
   */
  run(signal: AbortSignal, ready: () => void): Promise<void>;
  /** Is given once, at the start, what ends a run in good order and begins the next at once: what it was made of has changed. */
  readonly onSupervised?: (restart: () => void) => void;
}

export const DEFAULT_STOP_MS = 10_000;

/**
 * - `waiting`: for a component that it needs
 * - `starting`: it runs and is not ready yet
 * - `running`: it is ready
 * - `restarting`: it has failed, and will be or is being started again
 * - `stopped`: it was told to stop, and has ended
 */
export type ComponentState = 'waiting' | 'starting' | 'running' | 'restarting' | 'stopped';

interface ComponentStatus {
  readonly name: string;
  readonly state: ComponentState;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** How often it was started again after a failure of its own. */
  readonly restarts: number;
  /** Why it failed last; undefined once it was ready after that. */
  readonly error?: string;
}

/** Where every component stands: written by the supervisor, read by whoever tells others of it. */
export class ComponentStates {
  readonly #statuses = new Map<string, ComponentStatus>();

  set(status: ComponentStatus): void {
    this.#statuses.set(status.name, status);
  }

  /** Undefined: there is no such component. */
  get(name: string): ComponentStatus | undefined {
    return this.#statuses.get(name);
  }

  /** In the order of the set. */
  all(): readonly ComponentStatus[] {
    return [...this.#statuses.values()];
  }
}
