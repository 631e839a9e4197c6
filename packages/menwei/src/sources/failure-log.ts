/** One line when a reason for failure appears, however many resources it stops and however often they retry. */
import type { ApiError } from '../kubernetes/api-error.ts';
import type { WatchedObject } from '../kubernetes/objects.ts';
import type { WatchedResource } from '../kubernetes/reflector-options.ts';
import type { Logger } from '../log/logger.ts';

type Resource = Pick<WatchedResource<WatchedObject>, 'kind' | 'path'>;

export class FailureLog {
  readonly #logger: Logger;
  /** By the path of the resource. */
  readonly #reasons = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  failed({ path }: Resource, error: ApiError): void {
    if (!this.#isNew(path, error)) return;
    const { failure, message } = error;
    this.#logger.error({ failure }, `${message}; retrying, keeping the last known objects`);
  }

  /** No failure of anything that one could not do without. */
  withheld({ kind, path }: Resource, error: ApiError): void {
    if (!this.#isNew(path, error)) return;
    const { failure, message } = error;
    this.#logger.info(
      { failure },
      `${message}; continuing without ${plural(kind)}, retrying from time to time`,
    );
  }

  working({ path }: Resource): void {
    const message = this.#reasons.get(path);
    this.#reasons.delete(path);
    if (message !== undefined && !this.#isKnown(message)) this.#logger.info({}, `recovered from: ${message}`);
  }

  #isNew(path: string, { message }: ApiError): boolean {
    const isNew = !this.#isKnown(message);
    this.#reasons.set(path, message);
    return isNew;
  }

  #isKnown(message: string): boolean {
    return [...this.#reasons.values()].includes(message);
  }
}

function plural(kind: string): string {
  return kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
}
