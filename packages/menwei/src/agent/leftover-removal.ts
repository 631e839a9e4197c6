/** Removes what others left, as a component that begins after the first sync of a family, and goes on while that fails. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { LeftoverSearchOptions } from '../backends/leftover-search.ts';
import type { Logger } from '../log/logger.ts';
import { pause, untilAborted } from '../scheduling/pause.ts';
import type { ProxyDoors } from './doors.ts';

interface LeftoverRemovalOptions {
  readonly family: IpFamily;
  readonly searchLeftovers: ProxyDoors['searchLeftovers'];
  /** From an attempt that failed to the next. */
  readonly retryMs: number;
  readonly logger: Logger;
  /** Instead of removing what was found; for a dry run. */
  readonly print?: ((text: string) => void) | undefined;
  /** Conntrack entries that met the rules which are gone may lead where nothing is any more. */
  readonly onRemoved: () => void;
}

export class LeftoverRemoval {
  readonly #options: LeftoverRemovalOptions;
  readonly #told = new Set<string>();

  constructor(options: LeftoverRemovalOptions) {
    this.#options = options;
  }

  /** When nothing is left it has nothing more to do. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    while (!signal.aborted && !(await this.#attempt(signal))) {
      await pause(this.#options.retryMs, signal);
    }
    ready();
    await untilAborted(signal);
  }

  async #attempt(signal: AbortSignal): Promise<boolean> {
    const { searchLeftovers, family } = this.#options;
    const removed: string[] = [];
    try {
      const failures = await searchLeftovers(family, this.#onFound(removed), signal);
      if (failures.length === 0) return true;
      this.#complain(failures);
    } catch (error) {
      if (!signal.aborted) this.#complain([error]);
    } finally {
      this.#tell(removed);
    }
    return false;
  }

  #onFound(removed: string[]): LeftoverSearchOptions['onFound'] {
    const { print, family } = this.#options;
    return async (found, signal) => {
      if (print === undefined) {
        await found.remove(signal);
        removed.push(found.what);
      } else print(`# dry run: ${family}: leftovers of another proxy or mode\n${found.commands}`);
    };
  }

  #tell(removed: readonly string[]): void {
    if (removed.length === 0) return;
    const { family, logger, onRemoved } = this.#options;
    logger.info({ family }, `removed leftovers of another proxy or mode: ${removed.join('; ')}`);
    onRemoved();
  }

  /** The same failure at every attempt is told once. */
  #complain(errors: readonly unknown[]): void {
    const { family, logger } = this.#options;
    for (const error of errors) {
      const message = error instanceof Error ? error.message : String(error);
      if (this.#told.has(message)) continue;
      this.#told.add(message);
      const consequence = 'leftover rules of another proxy or mode may still be in effect; retrying';
      logger.warn({ family, err: error }, consequence);
    }
  }
}
