/**
 * What nodes share of health, while there is anything to check: this node's Lease, and those of all others. Nothing else is
 * followed for it.
 */
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { isWithheld } from '../../kubernetes/api-error.ts';
import { decodeLease } from '../../kubernetes/decode-lease.ts';
import { leasesPath } from '../../kubernetes/lease-client.ts';
import type { Lease } from '../../kubernetes/load-balancer-objects.ts';
import { Reflector } from '../../kubernetes/reflector.ts';
import type { WatchedResource } from '../../kubernetes/reflector-options.ts';
import type { Logger } from '../../log/logger.ts';
import { sideBySide } from '../../scheduling/side-by-side.ts';
import {
  HEALTH_LEASE_TIMING,
  HEALTH_LEASES,
  type HealthLeaseTiming,
  OwnHealthLease,
} from './own-health-lease.ts';
import type { Peers } from './peers.ts';

export interface SharedHealthOptions {
  readonly openClient: () => Promise<ApiClient>;
  readonly node: string;
  readonly zone: () => string;
  readonly peers: Peers;
  readonly down: () => Iterable<string>;
  /** Others have said something else about these. */
  readonly onNews: (endpoints: readonly string[]) => void;
  readonly timing?: HealthLeaseTiming;
  readonly logger: Logger;
}

const LEASES: WatchedResource<Lease> = {
  kind: 'Lease',
  path: leasesPath(HEALTH_LEASES.namespace),
  labelSelector: `${HEALTH_LEASES.label}=true`,
  optional: 'withheld',
  decode: decodeLease,
};

export class SharedHealth {
  readonly #options: SharedHealthOptions;
  #own: OwnHealthLease | undefined;
  #complaint = '';

  constructor(options: SharedHealthOptions) {
    this.#options = options;
  }

  /** What this node has found has changed. */
  changed(): void {
    this.#own?.changed();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { openClient, node, zone, down, timing = HEALTH_LEASE_TIMING, logger } = this.#options;
    const client = await openClient().catch((error: unknown) => {
      logger.warn(
        { err: error },
        'health checks: nodes can share nothing; this node checks all endpoints by itself',
      );
    });
    if (client === undefined) return;
    try {
      const own = new OwnHealthLease({ client, node, zone, down, timing, logger });
      this.#own = own;
      const reflector = this.#reflector(client);
      await sideBySide([(signal) => own.run(signal), (signal) => reflector.run(signal)], signal);
    } finally {
      this.#own = undefined;
      await client.close();
    }
  }

  #reflector(client: ApiClient): Reflector<Lease> {
    const { peers, onNews, logger } = this.#options;
    return new Reflector<Lease>({
      client,
      resource: LEASES,
      known: [],
      sink: {
        upsert: (object) => {
          if (object.kind === 'Lease') this.#put(object);
        },
        remove: ({ name }) => {
          peers.remove(nodeOf(name));
          onNews([]);
        },
        // A Lease that can't be read grows old.
        report: () => undefined,
        stale: () => undefined,
        flawed: () => undefined,
      },
      observer: {
        working: () => {
          this.#complaint = '';
        },
        listed: () => undefined,
        failed: (error) => {
          if (error.message === this.#complaint) return;
          this.#complaint = error.message;
          const without = isWithheld(error) ? '; this node checks all endpoints by itself' : '; retrying';
          logger.warn({ err: error }, `health checks: Leases of other nodes can't be followed${without}`);
        },
      },
    });
  }

  #put({ name, holderIdentity, renewTimeMs, annotations }: Lease): void {
    const { node, peers, onNews } = this.#options;
    const nowMs = performance.now();
    const owner = nodeOf(name);
    // Whoever writes in another's name is not heard.
    if (!name.startsWith(HEALTH_LEASES.prefix) || holderIdentity !== owner) return;
    if (owner === node) peers.connected(nowMs);
    const zone = annotations.get(HEALTH_LEASES.zone) ?? '';
    const down = annotations.get(HEALTH_LEASES.down) ?? '';
    onNews(peers.put({ node: owner, zone, renewTimeMs, down }, nowMs));
  }
}

function nodeOf(name: string): string {
  return name.slice(HEALTH_LEASES.prefix.length);
}
