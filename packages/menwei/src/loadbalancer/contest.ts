/** Another controller that writes the same status: who goes on against it writes for ever (load-balancer § 3). */
import { isDeepStrictEqual } from 'node:util';
import type { StatusIngress } from '../kubernetes/load-balancer-objects.ts';
import type { Service } from '../kubernetes/objects.ts';
import type { ObjectKey } from '../state/object-key.ts';
import { isSameButStatus } from './service-difference.ts';

const WITHIN_MS = 60_000;
const REWRITES = 2;

interface Written {
  readonly service: Service;
  readonly ingress: readonly StatusIngress[];
  /** What was written has been there. */
  readonly wasSeen: boolean;
  /** When it was found rewritten. */
  readonly rewrittenAtMs: readonly number[];
}

export class Contests {
  readonly #written = new Map<ObjectKey, Written>();

  /** What we write now. */
  wrote(key: ObjectKey, service: Service, ingress: readonly StatusIngress[]): void {
    const { rewrittenAtMs = [] } = this.#written.get(key) ?? {};
    this.#written.set(key, { service, ingress, wasSeen: false, rewrittenAtMs });
  }

  forget(key: ObjectKey): void {
    this.#written.delete(key);
  }

  /**
   * Whether somebody else has rewritten the status twice within a minute; that stays so until more than the status changes.
   *
   * @param nowMs of a clock that nobody sets
   */
  isContested(key: ObjectKey, service: Service, nowMs: number): boolean {
    const written = this.#written.get(key);
    if (written === undefined) return false;
    if (!isSameButStatus(written.service, service)) {
      this.#written.set(key, { ...written, service, rewrittenAtMs: [] });
      return false;
    }
    const isOurs = isDeepStrictEqual(service.loadBalancer?.ingress, written.ingress);
    if (isContest(written)) return !isOurs;
    if (isOurs) {
      this.#written.set(key, { ...written, wasSeen: true });
      return false;
    }
    if (!written.wasSeen) return false;
    const recent = written.rewrittenAtMs.filter((atMs) => atMs > nowMs - WITHIN_MS);
    const now = { ...written, wasSeen: false, rewrittenAtMs: [...recent, nowMs] };
    this.#written.set(key, now);
    return isContest(now);
  }
}

function isContest({ rewrittenAtMs }: Written): boolean {
  return rewrittenAtMs.length >= REWRITES;
}
