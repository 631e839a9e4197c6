/** Whether the proxy keeps up with what is asked of it (spec § 9.1). Pure state: the time of day is an argument. */
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { isToBeDeleted } from '../kubernetes/node-exclusion.ts';
import type { Node } from '../kubernetes/objects.ts';

interface FamilyHealth {
  readonly lastUpdatedMs: number;
  readonly healthy: boolean;
}

interface HealthReport {
  /** Of all families. */
  readonly healthy: boolean;
  /** Undefined before the first update. */
  readonly lastUpdatedMs: number | undefined;
  /** The families that are served, IPv4 first. */
  readonly families: ReadonlyMap<IpFamily, FamilyHealth>;
}

/** A family is healthy unless a sync that is due, requested or the first one, has not been done for too long. */
export class ProxyHealth {
  /** How long a requested sync may take to be done: twice the sync period. */
  timeoutMs: number;
  readonly #lastUpdatedMs = new Map<IpFamily, number>();
  readonly #oldestPendingMs = new Map<IpFamily, number>();
  /** Of the requests since the last sync began: it may have come too late for them. */
  readonly #oldestUnseenMs = new Map<IpFamily, number>();

  /** How long a request waits is measured by it; undefined: by the time of day, which may be set meanwhile. */
  readonly #clock: (() => number) | undefined;

  /** @param clock in milliseconds; one that nobody sets */
  constructor(timeoutMs: number, clock?: () => number) {
    this.timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** A sync was requested. */
  queued(family: IpFamily, nowMs: number): void {
    for (const oldest of [this.#oldestPendingMs, this.#oldestUnseenMs]) {
      if (!oldest.has(family)) oldest.set(family, this.#clock?.() ?? nowMs);
    }
  }

  /**
   * The family is to be served, and its first sync is due. Upstream asks for none before the objects are known, and so is
   * healthy for ever without ever having programmed anything. Once more, after a failure, it is no news.
   */
  started(family: IpFamily, nowMs: number): void {
    if (this.#lastUpdatedMs.has(family)) return;
    this.#lastUpdatedMs.set(family, nowMs);
    this.queued(family, nowMs);
  }

  /** A sync begins, which takes up all that was requested before. */
  syncing(family: IpFamily): void {
    this.#oldestUnseenMs.delete(family);
  }

  /** The sync that began last has succeeded. */
  updated(family: IpFamily, nowMs: number): void {
    const unseenMs = this.#oldestUnseenMs.get(family);
    if (unseenMs === undefined) this.#oldestPendingMs.delete(family);
    else this.#oldestPendingMs.set(family, unseenMs);
    this.#lastUpdatedMs.set(family, nowMs);
  }

  /** True when all families are that are served. */
  healthy(nowMs: number): boolean {
    return this.report(nowMs).healthy;
  }

  report(nowMs: number): HealthReport {
    const families = new Map<IpFamily, FamilyHealth>();
    const clockMs = this.#clock?.() ?? nowMs;
    for (const family of IP_FAMILIES) {
      const lastUpdatedMs = this.#lastUpdatedMs.get(family);
      if (lastUpdatedMs === undefined) continue;
      const pendingMs = clockMs - (this.#oldestPendingMs.get(family) ?? clockMs);
      families.set(family, { lastUpdatedMs, healthy: pendingMs < this.timeoutMs });
    }
    const all = [...families.values()];
    return {
      healthy: all.every((family) => family.healthy),
      lastUpdatedMs: all.length === 0 ? undefined : Math.max(...all.map((family) => family.lastUpdatedMs)),
      families,
    };
  }
}

/**
 * Whether load balancers should send new connections to the node. A cordon doesn't matter: it is about new pods.
 * @param node the node the proxy runs on, as far as it is known.
 */
export function isNodeEligible(node: Node | undefined): boolean {
  return node !== undefined && !node.deleting && !isToBeDeleted(node);
}
