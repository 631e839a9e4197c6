/** Keeps the Lease by which this node tells the others what it has found (health § 5): renewed, and written when that changes. */

import type { ApiClient } from '../../kubernetes/api-client.ts';
import { ApiError, isRecord } from '../../kubernetes/api-error.ts';
import { LeaseClient, type LeaseContent, type StoredLease } from '../../kubernetes/lease-client.ts';
import { readObject } from '../../kubernetes/read-object.ts';
import type { Logger } from '../../log/logger.ts';
import { InterruptiblePause, pause } from '../../scheduling/pause.ts';
import { formatDownList } from './down-list.ts';

export const HEALTH_LEASES = {
  namespace: 'kube-system',
  prefix: 'menwei-health-',
  label: 'menwei.dev/health-checks',
  down: 'menwei.dev/down',
  zone: 'menwei.dev/zone',
} as const;

export interface HealthLeaseTiming {
  readonly renewMs: number;
  /** Changes are written no more often. */
  readonly leastMs: number;
  /** Who was not heard of for so long is not there. */
  readonly freshMs: number;
}

export const HEALTH_LEASE_TIMING: HealthLeaseTiming = { renewMs: 10_000, leastMs: 1_000, freshMs: 30_000 };

const UNWRITTEN = `somebody else writes it, or there is no namespace ${HEALTH_LEASES.namespace}`;

interface OwnHealthLeaseOptions {
  readonly client: ApiClient;
  readonly node: string;
  readonly zone: () => string;
  /** Endpoints that are down, for the others. */
  readonly down: () => Iterable<string>;
  readonly timing: HealthLeaseTiming;
  readonly logger: Logger;
}

export class OwnHealthLease {
  readonly #options: OwnHealthLeaseOptions;
  readonly #lease: LeaseClient;
  readonly #idle = new InterruptiblePause();
  #stored: StoredLease | undefined;
  #isChanged = false;
  #isFailing = false;
  #isCut = false;

  constructor(options: OwnHealthLeaseOptions) {
    this.#options = options;
    const { client, node } = options;
    this.#lease = new LeaseClient(client, HEALTH_LEASES.namespace, `${HEALTH_LEASES.prefix}${node}`);
  }

  /** What this node has found has changed. */
  changed(): void {
    this.#isChanged = true;
    this.#idle.end();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { renewMs, leastMs } = this.#options.timing;
    while (!signal.aborted) {
      this.#isChanged = false;
      await this.#write(AbortSignal.any([signal, AbortSignal.timeout(renewMs)]), signal);
      await pause(leastMs, signal);
      if (!this.#isChanged) await this.#idle.wait(renewMs - leastMs, signal);
    }
  }

  /** What can't be written is tried again at the next turn. */
  async #write(signal: AbortSignal, stopped: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    try {
      this.#stored ??= await this.#lease.read(signal);
      const content = this.#content();
      const written =
        this.#stored === undefined
          ? await this.#lease.create(content, signal, await this.#about(signal))
          : await this.#lease.update(this.#stored, content, signal);
      if (written.outcome !== 'written') throw new ApiError('conflict', UNWRITTEN);
      this.#stored = written.lease;
      if (this.#isFailing) logger.info({}, 'health checks: the Lease of this node is renewed again');
      this.#isFailing = false;
    } catch (error) {
      if (stopped.aborted) return;
      if (!(error instanceof ApiError) && !signal.aborted) throw error;
      this.#stored = undefined;
      if (!this.#isFailing)
        logger.warn({ err: error }, "health checks: the Lease of this node can't be renewed; retrying");
      this.#isFailing = true;
    }
  }

  /** It goes with its Node. */
  async #about(signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const labels = { [HEALTH_LEASES.label]: 'true' };
    const { client, node } = this.#options;
    try {
      const path = `/api/v1/nodes/${encodeURIComponent(node)}`;
      const { metadata } = await readObject(client, path, { signal, silenceMs: 5_000 });
      const uid = isRecord(metadata) ? metadata.uid : undefined;
      if (typeof uid !== 'string') return { labels };
      return { labels, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid }] };
    } catch (error) {
      if (error instanceof ApiError) return { labels };
      throw error;
    }
  }

  #content(): LeaseContent {
    const { node, zone, down, timing, logger } = this.#options;
    const before = this.#stored;
    const nowMs = Date.now();
    const { text, isCut } = formatDownList(down());
    if (isCut && !this.#isCut)
      logger.warn(
        {},
        'health checks: too many endpoints are down for one Lease; not all are told to other nodes',
      );
    this.#isCut = isCut;
    return {
      holderIdentity: node,
      leaseDurationSeconds: Math.ceil(timing.freshMs / 1_000),
      acquireTimeMs: before?.holderIdentity === node ? before.acquireTimeMs : nowMs,
      renewTimeMs: nowMs,
      leaseTransitions: before?.leaseTransitions ?? 0,
      annotations: { [HEALTH_LEASES.down]: text, [HEALTH_LEASES.zone]: zone() },
    };
  }
}
