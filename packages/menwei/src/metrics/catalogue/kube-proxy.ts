/** The metrics that kube-proxy has, under its names, with its types, labels and buckets (spec § 9.4). */
import { counter, gauge, histogram } from '../definition.ts';

const STABILITY = { stability: 'ALPHA' } as const;
const BY_FAMILY = { ...STABILITY, labels: ['ip_family'] } as const;
const BY_TABLE = { ...STABILITY, labels: ['table', 'ip_family'] } as const;

/** 1 ms, doubled up to 16.384 s. */
const SYNC_BUCKETS: readonly number[] = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);

/** Fine below a minute, where the scalability objective lies, coarse up to five. */
const NETWORK_PROGRAMMING_BUCKETS: readonly number[] = [
  ...steps(0.25, 0.25, 2),
  ...steps(1, 1, 59),
  ...steps(60, 5, 12),
  ...steps(120, 30, 7),
];

function steps(start: number, width: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => start + width * index);
}

export const SYNC_DURATION = histogram('kubeproxy_sync_proxy_rules_duration_seconds', {
  ...BY_FAMILY,
  buckets: SYNC_BUCKETS,
  help: 'Duration of a sync, which brings the rules in the kernel up to date, in seconds; failed syncs included.',
});

export const FULL_SYNC_DURATION = histogram('kubeproxy_sync_full_proxy_rules_duration_seconds', {
  ...BY_FAMILY,
  buckets: SYNC_BUCKETS,
  help: 'Duration of a full sync, which compares all rules with the kernel, in seconds; failed ones included.',
  modes: ['iptables', 'nftables'],
});

export const PARTIAL_SYNC_DURATION = histogram('kubeproxy_sync_partial_proxy_rules_duration_seconds', {
  ...BY_FAMILY,
  buckets: SYNC_BUCKETS,
  help: 'Duration of a partial sync, which looks only at what has changed, in seconds; failed ones included.',
  modes: ['iptables', 'nftables'],
});

export const NETWORK_PROGRAMMING_DURATION = histogram('kubeproxy_network_programming_duration_seconds', {
  ...BY_FAMILY,
  buckets: NETWORK_PROGRAMMING_BUCKETS,
  help:
    'Time from a change of a pod or Service to the rules that follow it, in seconds, ' +
    'by the last-change-trigger-time of EndpointSlices.',
  note: 'One observation for each changed EndpointSlice that has the annotation, after the sync that succeeded.',
});

export const LAST_SYNC_TIMESTAMP = gauge('kubeproxy_sync_proxy_rules_last_timestamp_seconds', {
  ...BY_FAMILY,
  help: 'Unix time of the last sync that succeeded.',
  note: 'Absent before the first one.',
});

export const LAST_QUEUED_TIMESTAMP = gauge('kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds', {
  ...BY_FAMILY,
  help: 'Unix time at which a sync was last asked for.',
  note: 'Absent before the first one.',
});

export const ENDPOINT_CHANGES_PENDING = gauge('kubeproxy_sync_proxy_rules_endpoint_changes_pending', {
  ...STABILITY,
  help: 'Changed EndpointSlices that no sync has taken up yet.',
  note: 'kube-proxy counts changes, Menwei each changed EndpointSlice once.',
});

export const ENDPOINT_CHANGES = counter('kubeproxy_sync_proxy_rules_endpoint_changes_total', {
  ...STABILITY,
  help: 'Events of EndpointSlices of the IP families that are proxied, whether they changed anything or not.',
});

export const SERVICE_CHANGES_PENDING = gauge('kubeproxy_sync_proxy_rules_service_changes_pending', {
  ...STABILITY,
  help: 'Changed Services that no sync has taken up yet.',
});

export const SERVICE_CHANGES = counter('kubeproxy_sync_proxy_rules_service_changes_total', {
  ...STABILITY,
  help: 'Events of Services, whether they changed anything or not, once for each IP family that is proxied.',
});

export const NO_LOCAL_ENDPOINTS = gauge('kubeproxy_sync_proxy_rules_no_local_endpoints_total', {
  ...STABILITY,
  labels: ['traffic_policy', 'ip_family'],
  help: 'Service ports with traffic policy Local that have endpoints, but none on this node.',
  note: 'Counts service ports in every mode; kube-proxy counts Services in ipvs mode (KQ-29).',
});

export const IPTABLES_RULES = gauge('kubeproxy_sync_proxy_rules_iptables_total', {
  ...BY_TABLE,
  help: 'Rules of the proxy in a table of iptables.',
  modes: ['iptables'],
});

export const IPTABLES_RULES_WRITTEN = gauge('kubeproxy_sync_proxy_rules_iptables_last', {
  ...BY_TABLE,
  help: 'Rules that the last successful sync wrote into a table of iptables.',
  modes: ['iptables'],
  note: 'Menwei writes the rules that differ; kube-proxy writes all of the chains that it shares among Services.',
});

export const IPTABLES_RESTORE_FAILURES = counter(
  'kubeproxy_sync_proxy_rules_iptables_restore_failures_total',
  {
    ...BY_FAMILY,
    help: 'Syncs that failed because iptables-restore did.',
    modes: ['iptables', 'ipvs'],
  },
);

export const IPTABLES_PARTIAL_RESTORE_FAILURES = counter(
  'kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total',
  {
    ...BY_FAMILY,
    help: 'Partial syncs that failed because iptables-restore did; a full sync follows.',
    modes: ['iptables'],
  },
);

export const NFTABLES_SYNC_FAILURES = counter('kubeproxy_sync_proxy_rules_nftables_sync_failures_total', {
  ...BY_FAMILY,
  help: 'Syncs that failed, or in which the kernel refused the changes of a service port.',
  modes: ['nftables'],
});

export const NFTABLES_CLEANUP_FAILURES = counter(
  'kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total',
  {
    ...BY_FAMILY,
    help: 'Failed removals of nftables objects that nothing uses any more.',
    modes: ['nftables'],
    note:
      'Stays 0: what is not used any more is removed in the transaction of the sync, and fails with it. ' +
      'kube-proxy removes it in a second transaction.',
  },
);

export const CONNTRACK_DURATION = histogram('kubeproxy_conntrack_reconciler_sync_duration_seconds', {
  ...BY_FAMILY,
  buckets: SYNC_BUCKETS,
  help: 'Time to find and delete stale conntrack entries, in seconds.',
  note: 'Also in userspace mode, where kube-proxy 1.20 had no such metric.',
});

export const CONNTRACK_DELETED = counter('kubeproxy_conntrack_reconciler_deleted_entries_total', {
  ...BY_FAMILY,
  help: 'Stale conntrack entries that were deleted.',
  note: 'Also in userspace mode, where kube-proxy 1.20 had no such metric.',
});

export const HEALTHZ_ANSWERS = counter('kubeproxy_proxy_healthz_total', {
  ...STABILITY,
  labels: ['code'],
  help: 'Answers of /healthz at the health server, by HTTP status.',
});

export const LIVEZ_ANSWERS = counter('kubeproxy_proxy_livez_total', {
  ...STABILITY,
  labels: ['code'],
  help: 'Answers of /livez at the health server, by HTTP status.',
});

const ACCOUNTED = {
  ...STABILITY,
  modes: ['iptables'],
  note: 'Absent where the kernel has no nfacct (module nfnetlink_acct, iptables match nfacct).',
} as const;

export const INVALID_DROPPED = counter('kubeproxy_iptables_ct_state_invalid_dropped_packets_total', {
  ...ACCOUNTED,
  help: 'Packets dropped because conntrack found them INVALID, which would have reset connections of Services.',
});

export const LOCALHOST_NODE_PORTS = counter('kubeproxy_iptables_localhost_nodeports_accepted_packets_total', {
  ...ACCOUNTED,
  help: 'Packets to NodePorts that came over the loopback interface.',
});
