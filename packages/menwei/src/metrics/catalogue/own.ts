/** Metrics that kube-proxy has no names for. */
import { counter, gauge, histogram } from '../definition.ts';

export const SERVICE_PORTS = gauge('menwei_service_ports', {
  labels: ['ip_family', 'state'],
  help: 'Service ports by state: pending, programmed or error.',
});

const BY_SERVICE_PORT = ['namespace', 'service', 'port', 'protocol', 'ip_family'] as const;
const OFF_ABOVE = 'Absent with more Services than --service-metrics-limit.';

export const SERVICE_PORT_STATE = gauge('menwei_service_port_state', {
  labels: [...BY_SERVICE_PORT, 'state'],
  help: 'Always 1, for the state in which the service port is: pending, programmed or error.',
  note: OFF_ABOVE,
});

export const HEALTH_PANIC = gauge('menwei_health_panic', {
  labels: BY_SERVICE_PORT,
  help: 'Of a service port whose endpoints are checked: whether so many are down that all are used, 1.',
  note: OFF_ABOVE,
});

export const HEALTH_ENDPOINT_UP = gauge('menwei_health_endpoint_up', {
  labels: [...BY_SERVICE_PORT, 'endpoint'],
  help: 'Of an endpoint that is checked: whether it is not down, 1.',
  note: 'With `--health-endpoint-metrics`.',
});

export const SERVICE_PORT_ENDPOINTS = gauge('menwei_service_port_endpoints', {
  labels: [...BY_SERVICE_PORT, 'use'],
  help: 'Endpoints of the service port: all of them, and those that this node sends traffic to.',
  note: OFF_ABOVE,
});

const COUNTED = { labels: BY_SERVICE_PORT, modes: ['iptables', 'ipvs', 'userspace'] } as const;

export const SERVICE_PORT_CONNECTIONS = counter('menwei_service_port_connections_total', {
  ...COUNTED,
  help: 'Connections to the service port over all its addresses on this node; for UDP, flows.',
  note: `${OFF_ABOVE} Begins again when an address of the Service changes, and in userspace mode with the process. In iptables mode only with --count-service-connections, which runs iptables at each scrape, 20 ms with 1,000 Services; it begins again when the chain KUBE-SERVICES is written anew. nftables mode does not count.`,
});

export const SERVICE_PORT_RECEIVED = counter('menwei_service_port_received_bytes_total', {
  ...COUNTED,
  modes: ['ipvs'],
  help: 'Bytes from clients to the service port, headers included.',
  note: OFF_ABOVE,
});

export const SERVICE_PORT_SENT = counter('menwei_service_port_sent_bytes_total', {
  ...COUNTED,
  modes: ['ipvs'],
  help: 'Bytes from the service port to clients, headers included; 0 where answers do not pass this node.',
  note: OFF_ABOVE,
});

export const APPLY_DELAY = histogram('menwei_apply_delay_seconds', {
  labels: ['ip_family'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  help: 'Time from the first event that a sync takes up to the end of that sync, in seconds; only of those that succeeded.',
});

export const CONNTRACK_DELETED_BY_REASON = counter('menwei_conntrack_deleted_entries_total', {
  labels: ['ip_family', 'reason'],
  help: 'Conntrack entries that were deleted. stale: of UDP and SCTP, leading where the rules would not; unreplied: of TCP connections to an endpoint that is no longer used and had not answered; reset: of TCP connections to an endpoint that is down, with on-down=reset.',
});

export const EVENT_LOOP_DELAY = histogram('menwei_event_loop_delay_seconds', {
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  help: 'How late the event loop of the process was, sampled twice a second, in seconds.',
});

export const EVENT_LOOP_BUSY = counter('menwei_event_loop_busy_seconds_total', {
  help: 'Time in which the event loop of the process was not waiting, in seconds.',
});

export const OTHER_PROXY_RULES = gauge('menwei_other_proxy_rules', {
  labels: ['ip_family'],
  help: '1: rules of kube-proxy or of another mode are in the kernel and stay for now; 0: none are.',
});

export const OTHER_PROXY_RETURNS = counter('menwei_other_proxy_rules_returned_total', {
  labels: ['ip_family'],
  help: 'How often rules of another proxy came back after they had been removed.',
});

export const OTHER_PROXY_PROCESSES = gauge('menwei_other_proxy_processes', {
  help: 'Processes of other proxies in the network namespace of this one.',
});

export const COMPONENT_UP = gauge('menwei_component_up', {
  labels: ['component'],
  help: '1: the component is running; 0: it is starting, has failed, or waits for another one.',
});

export const COMPONENT_RESTARTS = counter('menwei_component_restarts_total', {
  labels: ['component'],
  help: 'Restarts of a component after failures.',
});
