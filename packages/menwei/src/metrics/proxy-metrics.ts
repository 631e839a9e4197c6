/** What the proxy measures, under kube-proxy's names (spec § 9.4). */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { RelayStats } from '../relay/pool.ts';
import { type ObservedComponent, registerComponentMetrics } from './component-metrics.ts';
import { registerRelayMetrics } from './relay-metrics.ts';

export interface ProxyMetrics {
  /** One round of programming the kernel, failed or not. */
  observeSync(family: IpFamily, seconds: number): void;
  /** From a change of an endpoint to the kernel that knows it. */
  observeNetworkProgramming(family: IpFamily, seconds: number): void;
  /** One search for stale conntrack entries, and how many were deleted. */
  observeConntrackCleaning(family: IpFamily, seconds: number, entries: number): void;
  /** All metrics in the Prometheus text format. */
  format(): Promise<string>;
  /** The content type of what `format` gives. */
  readonly contentType: string;
}

/** Whom to ask when somebody reads the metrics. */
interface MetricSources {
  /** Where connections are forwarded by relays. */
  readonly relays?: (() => RelayStats) | undefined;
  /** In a process that is made of components. */
  readonly components?: () => readonly ObservedComponent[];
}

/** Metrics of their own registry, those of the process included. */
export function createProxyMetrics({ relays, components }: MetricSources = {}): ProxyMetrics {
  const registry = new Registry();
  if (relays !== undefined) registerRelayMetrics(registry, relays);
  if (components !== undefined) registerComponentMetrics(registry, components);
  collectDefaultMetrics({ register: registry });
  const syncDuration = new Histogram({
    name: 'kubeproxy_sync_proxy_rules_duration_seconds',
    help: '[ALPHA] SyncProxyRules latency in seconds',
    labelNames: ['ip_family'],
    buckets: SYNC_BUCKETS,
    registers: [registry],
  });
  const networkProgramming = new Histogram({
    name: 'kubeproxy_network_programming_duration_seconds',
    help: '[ALPHA] In Cluster Network Programming Latency in seconds',
    labelNames: ['ip_family'],
    buckets: NETWORK_PROGRAMMING_BUCKETS,
    registers: [registry],
  });
  const cleaningDuration = new Histogram({
    name: 'kubeproxy_conntrack_reconciler_sync_duration_seconds',
    help: '[ALPHA] Time to find and delete stale conntrack entries in seconds',
    labelNames: ['ip_family'],
    buckets: SYNC_BUCKETS,
    registers: [registry],
  });
  const deletedEntries = new Counter({
    name: 'kubeproxy_conntrack_reconciler_deleted_entries_total',
    help: '[ALPHA] Stale conntrack entries that were deleted',
    labelNames: ['ip_family'],
    registers: [registry],
  });
  return {
    observeSync: (family, seconds) => syncDuration.observe({ ip_family: family }, seconds),
    observeNetworkProgramming: (family, seconds) =>
      networkProgramming.observe({ ip_family: family }, seconds),
    observeConntrackCleaning: (family, seconds, entries) => {
      cleaningDuration.observe({ ip_family: family }, seconds);
      deletedEntries.inc({ ip_family: family }, entries);
    },
    format: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** 1 ms, doubled up to 16.384 s. */
const SYNC_BUCKETS: number[] = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);

/** Fine below a minute, where the scalability objective lies, coarse up to five. */
const NETWORK_PROGRAMMING_BUCKETS: number[] = [
  ...steps(0.25, 0.25, 2),
  ...steps(1, 1, 59),
  ...steps(60, 5, 12),
  ...steps(120, 30, 7),
];

function steps(start: number, width: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => start + width * index);
}
