/** Metrics of `menwei dns`, under the names that dashboards of CoreDNS know. */
import { counter, gauge, histogram } from '../definition.ts';

/** Of each series: CoreDNS tells by them which of its server blocks has answered. */
const SERVER = ['server', 'zone', 'view'] as const;
const DURATIONS = Array.from({ length: 16 }, (_, index) => 0.000_25 * 2 ** index);
const SIZES = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16_000, 32_000, 48_000, 64_000];

export const DNS_REQUESTS = counter('coredns_dns_requests_total', {
  labels: [...SERVER, 'proto', 'family', 'type'],
  help: 'Queries, by type of record; zone is the domain of the cluster, or . for names of others.',
});

export const DNS_DNSSEC_REQUESTS = counter('coredns_dns_do_requests_total', {
  labels: SERVER,
  help: 'Queries with the flag DO.',
});

export const DNS_DENIED = counter('menwei_dns_not_answered_total', {
  labels: ['proto', 'reason'],
  help: 'Queries that got no response: denied, of clients that may not ask; unsent, since the kernel did not take it.',
});

export const DNS_REQUEST_DURATION = histogram('coredns_dns_request_duration_seconds', {
  labels: SERVER,
  buckets: DURATIONS,
  help: 'Time from a query to its response, in seconds.',
});

export const DNS_REQUEST_SIZE = histogram('coredns_dns_request_size_bytes', {
  labels: [...SERVER, 'proto'],
  buckets: SIZES,
  help: 'Size of queries, in bytes.',
});

export const DNS_RESPONSE_SIZE = histogram('coredns_dns_response_size_bytes', {
  labels: [...SERVER, 'proto'],
  buckets: SIZES,
  help: 'Size of responses, in bytes.',
});

export const DNS_RESPONSES = counter('coredns_dns_responses_total', {
  labels: [...SERVER, 'rcode', 'plugin'],
  help: 'Responses, by rcode; plugin is kubernetes for names that are ours, forward for those of others.',
});

export const DNS_CACHE_ENTRIES = gauge('coredns_cache_entries', {
  labels: ['server', 'type', 'zones', 'view'],
  help: 'Answers of others that are kept.',
});

export const DNS_CACHE_BYTES = gauge('menwei_dns_cache_bytes', {
  help: 'Size of all answers of others that are kept, in bytes.',
});

export const DNS_CACHE_HITS = counter('coredns_cache_hits_total', {
  labels: ['server', 'type', 'zones', 'view'],
  help: 'Queries that a kept answer was given to: success, or denial for one that says that there is nothing.',
});

export const DNS_CACHE_MISSES = counter('coredns_cache_misses_total', {
  labels: ['server', 'zones', 'view'],
  help: 'Queries for names of others that no kept answer was there for.',
});

export const DNS_CACHE_REQUESTS = counter('coredns_cache_requests_total', {
  labels: ['server', 'zones', 'view'],
  help: 'Queries for names of others.',
});

export const DNS_CACHE_PREFETCHES = counter('coredns_cache_prefetch_total', {
  labels: ['server', 'zones', 'view'],
  help: 'Kept answers that were asked for again before their time was over, since they are in demand.',
});

export const DNS_CACHE_STALE = counter('coredns_cache_served_stale_total', {
  labels: ['server', 'zones', 'view'],
  help: 'Queries that got an answer that is older than it may be, since no upstream gave a newer one.',
});

export const DNS_CACHE_EVICTIONS = counter('coredns_cache_evictions_total', {
  labels: ['server', 'type', 'zones', 'view'],
  help: 'Kept answers that had to go for others.',
});

export const DNS_UPSTREAM_DURATION = histogram('coredns_proxy_request_duration_seconds', {
  labels: ['proxy_name', 'to', 'rcode'],
  buckets: DURATIONS,
  help: 'Time of one query to an upstream, in seconds, by the rcode of its answer.',
});

export const DNS_FORWARD_REQUESTS = counter('coredns_forward_requests_total', {
  labels: ['to'],
  help: 'Queries to an upstream.',
  note: 'CoreDNS has dropped this name in 1.11; dashboards have not.',
});

export const DNS_FORWARD_RESPONSES = counter('coredns_forward_responses_total', {
  labels: ['to', 'rcode'],
  help: 'Answers of an upstream, by rcode.',
  note: 'CoreDNS has dropped this name in 1.11; dashboards have not.',
});

export const DNS_PROBE_FAILURES = counter('coredns_proxy_healthcheck_failures_total', {
  labels: ['proxy_name', 'to'],
  help: 'Probes that an upstream which is down has not answered.',
});

export const DNS_REJECTS = counter('coredns_forward_max_concurrent_rejects_total', {
  help: 'Queries that were refused since too many were under way.',
});

export const DNS_UPSTREAM_DOWN = gauge('menwei_dns_upstream_down', {
  labels: ['to'],
  help: '1 while an upstream does not answer and others are asked first, 0 once it answers again.',
});

export const DNS_FAILED = counter('menwei_dns_forward_failures_total', {
  labels: ['reason'],
  help: 'Queries that no upstream has answered: no-answer, overload, or no-upstream.',
});

export const DNS_PROGRAMMING = histogram('menwei_dns_programming_seconds', {
  buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  help: 'Time from the change of a Service or Pod to names that are answered accordingly, in seconds.',
  note: 'From the annotation endpoints.kubernetes.io/last-change-trigger-time of EndpointSlices.',
});

export const DNS_SYNCED = gauge('menwei_dns_synced', {
  help: '1 once everything was read that names are made of. Until then a name that is not known gets SERVFAIL.',
});
