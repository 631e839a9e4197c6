/** Metrics that every component of Kubernetes has from its libraries: version, feature gates, API client, process. */
import { counter, gauge, histogram } from '../definition.ts';

export const BUILD_INFO = gauge('kubernetes_build_info', {
  stability: 'ALPHA',
  labels: [
    ...['major', 'minor', 'git_version', 'git_commit', 'git_tree_state'],
    ...['build_date', 'go_version', 'compiler', 'platform'],
  ] as const,
  help: 'Always 1; its labels say which version this is, and what it runs on.',
  note: '`git_version` is that of the kube-proxy whose behaviour this is, with that of Menwei behind the `+`. `go_version` has that of Node.js; what a build of Menwei does not know is empty.',
});

export const FEATURE_ENABLED = gauge('kubernetes_feature_enabled', {
  stability: 'BETA',
  labels: ['name', 'stage'],
  help: 'Whether a feature gate is on, 1, or off, 0; the stage of one that is generally available is empty.',
});

const CLIENT_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
const CLIENT_BYTES = [64, 256, 512, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];
const BY_HOST = {
  stability: 'ALPHA',
  labels: ['verb', 'host'],
  note: 'Absent without an API server. Watches are not observed: they go on as long as they can.',
} as const;

export const CLIENT_REQUESTS = counter('rest_client_requests_total', {
  stability: 'ALPHA',
  labels: ['code', 'method', 'host'],
  help: 'Requests to the API server, by HTTP status, or <error> where no answer came.',
  note: 'Absent without an API server.',
});

export const CLIENT_REQUEST_DURATION = histogram('rest_client_request_duration_seconds', {
  ...BY_HOST,
  buckets: CLIENT_SECONDS,
  help: 'Time from a request to the API server to the end of its answer, in seconds.',
});

export const CLIENT_RATE_LIMITER_DURATION = histogram('rest_client_rate_limiter_duration_seconds', {
  ...BY_HOST,
  buckets: CLIENT_SECONDS,
  help: 'Time that a request to the API server waited for the client-side rate limit, in seconds.',
  note: 'Absent without an API server.',
});

export const CLIENT_REQUEST_SIZE = histogram('rest_client_request_size_bytes', {
  ...BY_HOST,
  buckets: CLIENT_BYTES,
  help: 'Size of the body of a request to the API server, in bytes; 0 for a request that only reads.',
});

export const CLIENT_RESPONSE_SIZE = histogram('rest_client_response_size_bytes', {
  ...BY_HOST,
  buckets: CLIENT_BYTES,
  help: "Size of the body of the API server's answer, uncompressed, in bytes.",
});

export const PROCESS_CPU = counter('process_cpu_seconds_total', {
  help: 'Processor time of the process, in user and kernel mode, in seconds.',
});

export const PROCESS_START = gauge('process_start_time_seconds', {
  help: 'Unix time at which the process started.',
});

export const PROCESS_RESIDENT_MEMORY = gauge('process_resident_memory_bytes', {
  help: 'Resident memory of the process, in bytes.',
});

export const PROCESS_VIRTUAL_MEMORY = gauge('process_virtual_memory_bytes', {
  help: 'Virtual memory of the process, in bytes.',
});

export const PROCESS_VIRTUAL_MEMORY_MAX = gauge('process_virtual_memory_max_bytes', {
  help: 'Limit of the virtual memory of the process, in bytes; +Inf: none.',
});

export const PROCESS_OPEN_FDS = gauge('process_open_fds', {
  help: 'Open file descriptors of the process.',
});

export const PROCESS_MAX_FDS = gauge('process_max_fds', {
  help: 'Limit of the open file descriptors of the process.',
});

export const HEALTHCHECK = gauge('kubernetes_healthcheck', {
  stability: 'STABLE',
  labels: ['name', 'type'],
  help: 'Result of the last run of a health check: 1, it passed; 0, it failed.',
  note: 'At /metrics/slis.',
});

export const HEALTHCHECKS = counter('kubernetes_healthchecks_total', {
  stability: 'STABLE',
  labels: ['name', 'type', 'status'],
  help: 'Runs of health checks, by result.',
  note: 'At /metrics/slis.',
});
