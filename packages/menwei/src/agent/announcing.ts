/** Announcing load-balancer addresses as a component, and what is told of it. */
import { type AddressStatus, addressStatuses } from '../announce/address-status.ts';
import { Announcer } from '../announce/announcer.ts';
import { openHeartbeats } from '../announce/heartbeat/open-heartbeats.ts';
import { L2Speaker } from '../announce/l2/l2-speaker.ts';
import { PacketWire } from '../announce/l2/packet-wire.ts';
import { Standstill } from '../announce/l2/standstill.ts';
import { NODE_LEASE_PREFIX } from '../announce/node-lease.ts';
import type { ProgrammedServices } from '../announce/programmed.ts';
import type { Speaker } from '../announce/speaker.ts';
import { announceTeller } from '../announce/told.ts';
import type { AnnounceSettings } from '../config/settings.ts';
import type { EventRecorder } from '../events/event.ts';
import type { ApiClient } from '../kubernetes/api-client.ts';
import { LeaseClient } from '../kubernetes/lease-client.ts';
import type { Logger } from '../log/logger.ts';
import { AnnounceMetrics } from '../metrics/announce-metrics.ts';
import type { Registry } from '../metrics/registry.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { Component } from './component.ts';

/** Of the client that renews the Lease: that must not wait for anything. */
export const LEASE_LIMITS = { qps: 20, burst: 100 };

interface AnnouncingOptions {
  readonly settings: AnnounceSettings;
  readonly nodeName: string;
  readonly tables: ObjectTables;
  /** How many sources fill the tables. */
  readonly sources: number;
  readonly openProgrammed: (onChange: () => void) => ProgrammedServices & Disposable;
  /** Undefined: there is no API server. Closed after use. */
  readonly openClient: (() => Promise<ApiClient>) | undefined;
  /** Names of components that it is stopped before. */
  readonly needs: readonly string[];
  readonly events: EventRecorder;
  readonly registry: Registry;
  readonly logger: Logger;
}

/** It hands over first, which takes 2 s, and the API server may be slow. */
const STOP_MS = 8_000;
/** Three heartbeats that did not come. */
const HEARTBEAT_STANDSTILL_MS = 900;

export class Announcing {
  readonly #options: AnnouncingOptions;
  readonly #metrics: AnnounceMetrics;
  /** Those that run. */
  #speaker: Speaker | undefined;
  #announcer: Announcer | undefined;

  constructor(options: AnnouncingOptions) {
    this.#options = options;
    this.#metrics = new AnnounceMetrics(
      options.registry,
      options.nodeName,
      () => this.#speaker?.observe() ?? [],
    );
  }

  component(): Component {
    return {
      name: 'announcer',
      needs: this.#options.needs,
      onFailure: 'restart',
      stopMs: STOP_MS,
      run: (signal, ready) => this.#run(signal, ready),
    };
  }

  /** Of all addresses, as this node sees them. */
  rows(): Iterable<AddressStatus> {
    const announcer = this.#announcer;
    if (announcer === undefined) return [];
    const spoken = Map.groupBy(this.#speaker?.observe() ?? [], ({ address }) => address);
    return addressStatuses(
      this.#options.nodeName,
      announcer.election,
      (address) => announcer.duties.get(address),
      (address) => spoken.get(address) ?? [],
    );
  }

  async #run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { settings, logger, openClient } = this.#options;
    const speaker = new L2Speaker({
      wire: new PacketWire(),
      log: logger,
      refreshMs: settings.refreshMs,
      standstill: new Standstill(longStandstillMs(settings, openClient !== undefined)),
    });
    const client = await openClient?.();
    const speaking = new AbortController();
    const known = Promise.withResolvers<void>();
    const spoken = speaker.run(speaking.signal, known.resolve);
    try {
      await Promise.race([known.promise, spoken]);
      using announcer = this.#createAnnouncer(speaker, client);
      this.#announcer = announcer;
      this.#speaker = speaker;
      await Promise.race([announcer.run(signal, ready), spoken]);
    } finally {
      this.#announcer = undefined;
      this.#speaker = undefined;
      speaking.abort();
      await spoken;
      await client?.close();
    }
  }

  #createAnnouncer(speaker: L2Speaker, client: ApiClient | undefined): Announcer {
    const { settings, nodeName, tables, sources, openProgrammed, events, logger } = this.#options;
    const { namespace, leaseRenewMs: renewMs, leaseDurationMs: durationMs } = settings;
    return new Announcer({
      node: nodeName,
      tables,
      sources,
      speaker,
      openProgrammed,
      lease: client && {
        client: new LeaseClient(client, namespace, NODE_LEASE_PREFIX + nodeName),
        namespace,
        timing: { renewMs, durationMs },
      },
      classes: settings.loadBalancerClasses,
      ignoresExcludeLabel: settings.ignoresExcludeLabel,
      announcesWithoutEndpoints: settings.withoutEndpoints,
      restartGraceMs: settings.restartGraceMs,
      runHeartbeats: openHeartbeats(nodeName, settings.heartbeat, logger),
      reports: announceTeller({
        node: nodeName,
        ...{ logger, events },
        metrics: this.#metrics,
        services: tables,
        usersOf: (address) => this.#announcer?.election.users(address).map(({ service }) => service) ?? [],
      }),
      logger,
    });
  }
}

/** Others don't take over sooner from one that does not run. */
function longStandstillMs(settings: AnnounceSettings, hasLease: boolean): number {
  if (settings.heartbeat !== undefined || !hasLease) return HEARTBEAT_STANDSTILL_MS;
  return Math.max(HEARTBEAT_STANDSTILL_MS, settings.leaseDurationMs - settings.leaseRenewMs);
}
