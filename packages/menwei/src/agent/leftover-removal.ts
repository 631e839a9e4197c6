/** When what others left is removed: after the first sync of a family, and again while that fails. */
import { type SweepOptions, sweep } from '../backends/leftover-sweep.ts';
import type { Settlement } from '../conntrack/flow-cutter.ts';
import type { Logger } from '../log/logger.ts';
import { pause } from '../scheduling/pause.ts';
import type { NodeView } from '../services/node-view.ts';

export interface LeftoverRemovalOptions extends Omit<SweepOptions, 'onFound'> {
  readonly logger: Logger;
  /** Instead of removing what was found; for a dry run. */
  readonly print?: ((text: string) => void) | undefined;
  /** Flows that met the rules which are gone may lead where nothing is any more. */
  readonly onRemoved: (node: NodeView) => void;
}

export class LeftoverRemoval {
  readonly #options: LeftoverRemovalOptions;
  readonly #programmed = Promise.withResolvers<void>();
  #node: NodeView | undefined;
  readonly #told = new Set<string>();

  constructor(options: LeftoverRemovalOptions) {
    this.#options = options;
  }

  /** To be told of every sync that succeeded: from the first one on nobody depends on what others left. */
  settled({ node }: Pick<Settlement, 'node'>): void {
    this.#node = node;
    this.#programmed.resolve();
  }

  /** Until nothing is left, or the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#programmed.resolve(), { once: true });
    await this.#programmed.promise;
    const { settings } = this.#options;
    while (!signal.aborted && !(await this.#attempt(signal))) {
      await pause(settings.syncPeriodMs, signal);
    }
  }

  async #attempt(signal: AbortSignal): Promise<boolean> {
    const removed: string[] = [];
    try {
      const failures = await sweep({ ...this.#options, onFound: this.#onFound(removed) }, signal);
      if (failures.length === 0) return true;
      this.#complain(failures);
    } catch (error) {
      if (!signal.aborted) this.#complain([error]);
    } finally {
      this.#tell(removed);
    }
    return false;
  }

  #onFound(removed: string[]): SweepOptions['onFound'] {
    const { print, family } = this.#options;
    return async (found, signal) => {
      if (print === undefined) {
        await found.remove(signal);
        removed.push(found.what);
      } else print(`# ${family}: leftovers of another proxy or mode\n${found.commands}`);
    };
  }

  #tell(removed: readonly string[]): void {
    if (removed.length === 0) return;
    const { family, logger, onRemoved } = this.#options;
    logger.info({ family }, `removed leftovers of another proxy or mode: ${removed.join('; ')}`);
    if (this.#node !== undefined) onRemoved(this.#node);
  }

  /** The same failure at every attempt is told once. */
  #complain(errors: readonly unknown[]): void {
    const { family, logger } = this.#options;
    for (const error of errors) {
      const message = error instanceof Error ? error.message : String(error);
      if (this.#told.has(message)) continue;
      this.#told.add(message);
      const consequence = 'leftover rules of another proxy or mode may still be in effect; retrying';
      logger.warn({ family, error }, consequence);
    }
  }
}
