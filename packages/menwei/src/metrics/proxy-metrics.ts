/** What a proxy measures: kube-proxy's metrics (spec § 9.4), those of Kubernetes' libraries, and its own. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ProxyMode } from '../config/settings.ts';
import type { RelayStats } from '../relay/pool.ts';
import type { State } from '../state/state.ts';
import { type Build, type ObservedGate, registerBuildMetrics } from './build-metrics.ts';
import {
  CONNTRACK_DELETED,
  CONNTRACK_DURATION,
  HEALTHZ_ANSWERS,
  INVALID_DROPPED,
  LIVEZ_ANSWERS,
  LOCALHOST_NODE_PORTS,
} from './catalogue/kube-proxy.ts';
import { CONNTRACK_DELETED_BY_REASON } from './catalogue/own.ts';
import { type ChangingFamily, registerChangeMetrics } from './change-metrics.ts';
import { ClientMetrics } from './client-metrics.ts';
import { type ObservedComponent, registerComponentMetrics } from './component-metrics.ts';
import { registerEventLoopMetrics } from './event-loop-metrics.ts';
import { registerOtherProxyMetrics } from './other-proxy-metrics.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { Registry } from './registry.ts';
import { registerRelayMetrics } from './relay-metrics.ts';
import { registerServiceMetrics, type ServedFamily } from './service-metrics.ts';
import { SliMetrics } from './sli-metrics.ts';
import { SyncMetrics } from './sync-metrics.ts';

/** Whom to ask when somebody reads the metrics. */
interface MetricSources {
  readonly mode: ProxyMode;
  readonly build: Build;
  /** All feature gates of Kubernetes. */
  readonly gates?: readonly ObservedGate[];
  /** Where connections are forwarded by relays. */
  readonly relays?: (() => RelayStats) | undefined;
  /** In a process that is made of components. */
  readonly components?: () => readonly ObservedComponent[];
  /** How many packets an accounting object of the kernel has counted; undefined: there is none of this name. */
  readonly accountedPackets?: (name: string) => number | undefined;
}

/** What is told of the objects and of what became of them. */
interface ProxiedServices {
  readonly state: State;
  /** Those that are proxied. */
  readonly families: readonly (Omit<ServedFamily, 'tables'> & ChangingFamily)[];
  /** With more Services than this, there is nothing about single ones. */
  readonly serviceLimit: () => number;
  /** Single endpoints that are checked have a metric each. */
  readonly tellsEndpoints: boolean;
}

/** Why entries were deleted, by the kind of entries. */
const DELETION_REASONS = { lasting: 'stale', unreplied: 'unreplied', reset: 'reset' } as const;

export class ProxyMetrics {
  readonly registry: Registry;
  readonly slis: SliMetrics;
  readonly syncs: SyncMetrics;
  readonly client: ClientMetrics;
  readonly #cleaningDuration;
  readonly #deletedEntries;
  readonly #deletedByReason;
  readonly #healthAnswers;

  constructor({ mode, build, gates = [], relays, components, accountedPackets }: MetricSources) {
    const registry = new Registry(mode);
    this.registry = registry;
    this.slis = new SliMetrics(mode);
    this.syncs = new SyncMetrics(registry);
    this.#cleaningDuration = registry.histogram(CONNTRACK_DURATION);
    this.#deletedEntries = registry.counter(CONNTRACK_DELETED);
    this.#deletedByReason = registry.counter(CONNTRACK_DELETED_BY_REASON);
    this.#healthAnswers = {
      healthz: registry.counter(HEALTHZ_ANSWERS),
      livez: registry.counter(LIVEZ_ANSWERS),
    };
    for (const each of Object.values(this.#healthAnswers)) {
      for (const code of ['200', '503']) each.add({ code }, 0);
    }
    if (accountedPackets !== undefined) registerAccounting(registry, accountedPackets);
    registerBuildMetrics(registry, build, gates);
    this.client = new ClientMetrics(registry);
    registerProcessMetrics(registry);
    registerEventLoopMetrics(registry);
    if (components !== undefined) registerComponentMetrics(registry, components);
    if (relays !== undefined) registerRelayMetrics(registry, relays);
  }

  /** Tells from now on what becomes of the objects. */
  follow({ state, families, serviceLimit, tellsEndpoints }: ProxiedServices): void {
    for (const { family } of families) this.syncs.follow(state.families[family]);
    for (const { family } of families) {
      this.#cleaningDuration.declare({ ip_family: family });
      this.#deletedEntries.add({ ip_family: family }, 0);
      for (const reason of Object.values(DELETION_REASONS))
        this.#deletedByReason.add({ ip_family: family, reason }, 0);
    }
    registerChangeMetrics(this.registry, state.objects, families);
    const served = families.map(({ family }) => family);
    registerServiceMetrics(this.registry, {
      statuses: () =>
        Object.values(state.families).filter(
          ({ family, status }) => served.includes(family) || status.rows.size > 0,
        ),
      families: families.map(({ family, ...rest }) => ({ tables: state.families[family], ...rest })),
      limit: serviceLimit,
      tellsEndpoints,
      serviceCount: () => state.objects.services.rows.size,
    });
    registerOtherProxyMetrics(
      this.registry,
      families.map(({ family }) => state.families[family].otherProxies),
    );
  }

  /** One search for stale conntrack entries of a kind, and how many were deleted. */
  observeConntrackCleaning(
    family: IpFamily,
    kind: keyof typeof DELETION_REASONS,
    { seconds, entries }: { readonly seconds: number; readonly entries: number },
  ): void {
    this.#cleaningDuration.observe({ ip_family: family }, seconds);
    this.#deletedEntries.add({ ip_family: family }, entries);
    this.#deletedByReason.add({ ip_family: family, reason: DELETION_REASONS[kind] }, entries);
  }

  /** An answer of the health server. @param status of HTTP */
  observeHealthAnswer(path: 'healthz' | 'livez', status: number): void {
    this.#healthAnswers[path].add({ code: String(status) }, 1);
  }
}

function registerAccounting(
  registry: Registry,
  packets: NonNullable<MetricSources['accountedPackets']>,
): void {
  for (const [metric, name] of [
    [INVALID_DROPPED, 'ct_state_invalid_dropped_pkts'],
    [LOCALHOST_NODE_PORTS, 'localhost_nps_accepted_pkts'],
  ] as const) {
    registry.collected(metric, () => {
      const value = packets(name);
      return value === undefined ? [] : [{ labels: {}, value }];
    });
  }
}
