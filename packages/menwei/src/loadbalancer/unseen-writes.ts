/** What was written of Services, and has not come back yet: until then the object is not what it seems to be. */
import type { Service } from '../kubernetes/objects.ts';
import type { ObjectKey } from '../state/object-key.ts';

/** A write must be seen in the object by then. */
const SEEN_MS = 10_000;

export class UnseenWrites {
  readonly #writes = new Map<ObjectKey, { readonly before: Service; readonly atMs: number }>();

  /** @param before as the Service was when that was decided */
  wrote(key: ObjectKey, before: Service, nowMs: number): void {
    this.#writes.set(key, { before, atMs: nowMs });
  }

  forget(key: ObjectKey): void {
    this.#writes.delete(key);
  }

  /** How long the Service is still to be left alone, in milliseconds; 0: what was written has come back, or will not. */
  waitMs(key: ObjectKey, service: Service | undefined, nowMs: number): number {
    const write = this.#writes.get(key);
    const leftMs = write === undefined ? 0 : write.atMs + SEEN_MS - nowMs;
    if (leftMs > 0 && service === write?.before) return leftMs;
    this.#writes.delete(key);
    return 0;
  }
}
