/** Waiting for a revision that a client knows of and this server has not reached. */
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from '../schema/status-error.ts';
import type { Store } from '../store/store.ts';

const LONGEST_WAIT_MS = 3000;
const LOOK_EVERY_MS = 20;

export class Revisions {
  readonly #store: Pick<Store, 'revision'>;

  constructor(store: Pick<Store, 'revision'>) {
    this.#store = store;
  }

  /**
   * Resolves when the store has reached a revision.
   *
   * @throws StatusError 504 when it does not in time
   */
  async wait(revision: number, timeoutSeconds = Number.POSITIVE_INFINITY): Promise<void> {
    const until = performance.now() + Math.min(LONGEST_WAIT_MS, timeoutSeconds * 1000);
    while (this.#store.revision < revision) {
      if (performance.now() >= until) throw tooLarge(revision, this.#store.revision);
      await sleep(LOOK_EVERY_MS);
    }
  }
}

function tooLarge(revision: number, current: number): StatusError {
  return new StatusError({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${revision}, current: ${current}`,
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  });
}
