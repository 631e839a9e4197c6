/**
 * Every field of KubeProxyConfiguration, `kubeproxy.config.k8s.io/v1alpha1`, and ours beside them: type, default, flag
 * and meaning (spec § 10.1). Parsing, help and docs/reference are made of this table. Who adds a row runs
 * `npm run docs:reference`.
 */
import type * as v from 'valibot';
import {
  boolField,
  durationField,
  durationOrNanosecondsField,
  fieldsOf,
  gatesField,
  integerField,
  listField,
  numberField,
  section,
  sizeField,
  textField,
  vmoduleField,
} from './field.ts';

export const API_VERSION = 'kubeproxy.config.k8s.io/v1alpha1';
export const KIND = 'KubeProxyConfiguration';

const KEEP = '0: keep the kernel setting';

// biome-ignore format: one field a line
const CLIENT_CONNECTION = section({
  kubeconfig: textField('', { flag: 'kubeconfig', group: 'API server and objects', help: 'kubeconfig file with address and credentials of the API server; empty: as a pod finds it' }),
  acceptContentTypes: textField('', { withoutEffect: true, help: 'content types that the API server may answer with' }),
  contentType: textField('application/vnd.kubernetes.protobuf', { flag: 'kube-api-content-type', group: 'API server and objects', withoutEffect: true, help: 'content type of requests to the API server' }),
  qps: numberField(5, { flag: 'kube-api-qps', group: 'API server and objects', zeroIsUnset: true, help: 'requests a second to the API server; negative: no limit' }),
  burst: integerField(10, { flag: 'kube-api-burst', group: 'API server and objects', zeroIsUnset: true, allowed: 'at least 0', help: 'burst of requests beyond --kube-api-qps' }),
});

// biome-ignore format: one field a line
const DETECT_LOCAL = section({
  bridgeInterface: textField('', { flag: 'pod-bridge-interface', group: 'Proxy', allowed: 'the name of an interface, with BridgeInterface', help: "bridge interface of this node's pods" }),
  interfaceNamePrefix: textField('', { flag: 'pod-interface-name-prefix', group: 'Proxy', allowed: 'as an interface name begins, with InterfaceNamePrefix', help: "prefix of the interface names of this node's pods" }),
});

// biome-ignore format: one field a line
const IPTABLES = section({
  masqueradeBit: integerField(14, { flag: 'iptables-masquerade-bit', group: 'iptables and nftables mode', allowed: '0-31', help: 'bit of the packet mark (fwmark) for packets to masquerade (every mode but nftables)' }),
  masqueradeAll: boolField(false, { flag: 'masquerade-all', group: 'Proxy', help: 'masquerade all traffic to cluster IPs' }),
  localhostNodePorts: boolField(true, { flag: 'iptables-localhost-nodeports', group: 'iptables and nftables mode', help: 'NodePorts also answer on 127.0.0.1 (iptables mode)' }),
  syncPeriod: durationField('30s', { live: true, flag: 'iptables-sync-period', group: 'iptables and nftables mode', zeroIsUnset: true, onlyRuns: true, allowed: 'greater than 0', help: 'longest interval between retries of a failed sync, and between checks for drift (every mode but ipvs)' }),
  minSyncPeriod: durationField('1s', { live: true, flag: 'iptables-min-sync-period', group: 'iptables and nftables mode', zeroIsUnset: true, onlyRuns: true, allowed: '0 to syncPeriod', help: 'shortest interval between syncs (every mode but ipvs)' }),
});

// biome-ignore format: one field a line
const NFTABLES = section({
  masqueradeBit: integerField(14, { allowed: '0-31, in nftables mode', help: 'bit of the packet mark (fwmark) for packets to masquerade (nftables mode)' }),
  masqueradeAll: boolField(false, { flag: 'masquerade-all', help: 'masquerade all traffic to cluster IPs (nftables mode)' }),
  syncPeriod: durationField('30s', { live: true, flag: 'iptables-sync-period', zeroIsUnset: true, allowed: 'greater than 0', help: 'as that of iptables (nftables mode)' }),
  minSyncPeriod: durationField('1s', { live: true, flag: 'iptables-min-sync-period', zeroIsUnset: true, allowed: '0 to syncPeriod', help: 'as that of iptables (nftables mode)' }),
});

// biome-ignore format: one field a line
const IPVS = section({
  syncPeriod: durationField('30s', { live: true, flag: 'ipvs-sync-period', group: 'ipvs mode', zeroIsUnset: true, onlyRuns: true, allowed: 'greater than 0', help: 'longest interval between retries of a failed sync, and between checks for drift' }),
  minSyncPeriod: durationField('0s', { live: true, flag: 'ipvs-min-sync-period', group: 'ipvs mode', flagDefault: '1s', onlyRuns: true, allowed: '0 to syncPeriod', help: 'shortest interval between syncs' }),
  scheduler: textField('rr', { flag: 'ipvs-scheduler', group: 'ipvs mode', allowed: '1 to 15 letters a-z, in ipvs mode', help: 'IPVS scheduler of Services that name none' }),
  excludeCIDRs: listField({ flag: 'ipvs-exclude-cidrs', group: 'ipvs mode', allowed: 'CIDRs, in ipvs mode', help: 'CIDRs whose IPVS virtual servers are left alone' }),
  strictARP: boolField(false, { flag: 'ipvs-strict-arp', group: 'ipvs mode', help: 'strict ARP: set arp_ignore to 1 and arp_announce to 2' }),
  tcpTimeout: durationField('0s', { flag: 'ipvs-tcp-timeout', group: 'ipvs mode', allowed: 'at least 0, in ipvs mode', help: `idle timeout of TCP connections in IPVS; ${KEEP}` }),
  tcpFinTimeout: durationField('0s', { flag: 'ipvs-tcpfin-timeout', group: 'ipvs mode', allowed: 'at least 0, in ipvs mode', help: `timeout of TCP connections in IPVS after a FIN; ${KEEP}` }),
  udpTimeout: durationField('0s', { flag: 'ipvs-udp-timeout', group: 'ipvs mode', allowed: 'at least 0, in ipvs mode', help: `idle timeout of UDP connections in IPVS; ${KEEP}` }),
  // Longer than most connections last, and what the kernel itself allows an idle one.
  drainTimeout: durationField('15m', { ours: true, flag: 'ipvs-drain-timeout', group: 'ipvs mode', besideConfig: true, allowed: 'at least 0, in ipvs mode', help: 'longest time that a removed endpoint keeps its connections, and a former ipvs mode keeps all of them; 0: they are lost at once' }),
  required: boolField(false, { ours: true, flag: 'ipvs-required', group: 'ipvs mode', besideConfig: true, help: 'exit when the kernel has no IPVS, instead of falling back to iptables mode' }),
});

// kube-proxy 1.20 had the mode, and the first two flags.
// biome-ignore format: one field a line
const USERSPACE = section({
  // What conntrack allows a UDP stream. 1.20's 250 ms end a QUIC connection in which nobody speaks for a moment.
  udpTimeout: durationField('2m', { ours: true, flag: 'udp-timeout', group: 'userspace mode', zeroIsUnset: true, allowed: 'greater than 0, in userspace mode', help: 'idle timeout of UDP connections' }),
  threads: integerField(0, { ours: true, flag: 'userspace-threads', group: 'userspace mode', besideConfig: true, onlyRuns: true, allowed: '0-64, in userspace mode', help: 'number of threads that forward; 0: one per CPU, at most 4' }),
  // As conntrack: a connection lives as long in this mode as in the others.
  idleTimeout: durationField('24h', { ours: true, flag: 'userspace-idle-timeout', group: 'userspace mode', besideConfig: true, onlyRuns: true, zeroIsUnset: true, allowed: 'greater than 0, in userspace mode', help: 'idle timeout of TCP connections' }),
  halfClosedTimeout: durationField('1h', { ours: true, flag: 'userspace-half-closed-timeout', group: 'userspace mode', besideConfig: true, onlyRuns: true, zeroIsUnset: true, allowed: 'greater than 0, in userspace mode', help: 'idle timeout of half-closed TCP connections, and of those whose receiver does not read' }),
  drainTimeout: durationField('15m', { ours: true, flag: 'userspace-drain-timeout', group: 'userspace mode', besideConfig: true, onlyRuns: true, allowed: 'at least 0, in userspace mode', help: 'longest time that a removed endpoint keeps its connections; 0: it loses them at once' }),
  // Kubernetes ends a pod 30 s after it has asked it to end.
  shutdownTimeout: durationField('25s', { ours: true, flag: 'userspace-shutdown-timeout', group: 'userspace mode', besideConfig: true, onlyRuns: true, allowed: 'at least 0, in userspace mode', help: 'longest time that connections go on after SIGTERM; 0: they end at once' }),
});

// biome-ignore format: one field a line
const CONNTRACK = section({
  maxPerCore: integerField(32_768, { live: true, flag: 'conntrack-max-per-core', group: 'Conntrack', onlyRuns: true, allowed: 'at least 0', help: 'maximum number of conntrack entries per CPU; 0: keep the kernel setting, and ignore --conntrack-min' }),
  min: integerField(131_072, { live: true, flag: 'conntrack-min', group: 'Conntrack', onlyRuns: true, allowed: 'at least 0', help: 'smallest maximum of conntrack entries, whatever --conntrack-max-per-core' }),
  tcpEstablishedTimeout: durationField('24h', { live: true, flag: 'conntrack-tcp-timeout-established', group: 'Conntrack', onlyRuns: true, allowed: 'at least 0', help: `idle timeout of conntrack entries of established TCP connections; ${KEEP}` }),
  tcpCloseWaitTimeout: durationField('1h', { live: true, flag: 'conntrack-tcp-timeout-close-wait', group: 'Conntrack', onlyRuns: true, allowed: 'at least 0', help: `timeout of conntrack entries of TCP connections in CLOSE_WAIT; ${KEEP}` }),
  tcpBeLiberal: boolField(false, { flag: 'conntrack-tcp-be-liberal', group: 'Conntrack', help: 'liberal mode: TCP packets outside of the window are not INVALID (nf_conntrack_tcp_be_liberal)' }),
  udpTimeout: durationField('0s', { live: true, flag: 'conntrack-udp-timeout', group: 'Conntrack', onlyRuns: true, allowed: 'at least 0', help: `idle timeout of conntrack entries of unanswered UDP connections; ${KEEP}` }),
  udpStreamTimeout: durationField('0s', { live: true, flag: 'conntrack-udp-timeout-stream', group: 'Conntrack', onlyRuns: true, allowed: 'at least 0', help: `idle timeout of conntrack entries of answered UDP connections; ${KEEP}` }),
});

// biome-ignore format: one field a line
const ANNOUNCE = section({
  protocols: listField({ ours: true, flag: 'announce', group: 'Announcing', besideConfig: true, onlyRuns: true, allowed: 'l2', help: 'answer for load-balancer addresses on the segments of this node; l2: by ARP and IPv6 neighbour discovery' }),
  namespace: textField('kube-system', { ours: true, flag: 'announce-namespace', group: 'Announcing', besideConfig: true, onlyRuns: true, allowed: 'the name of a namespace', help: 'namespace of the Leases by which the nodes know of each other' }),
  loadBalancerClasses: listField({ ours: true, flag: 'announce-load-balancer-class', group: 'Announcing', besideConfig: true, onlyRuns: true, help: 'classes of Services whose addresses are announced, besides those without a class; empty: menwei.dev/l2' }),
  configuration: listField({ ours: true, flag: 'lb-config', group: 'Announcing', besideConfig: true, onlyRuns: true, help: 'pools and advertisements of this file or folder, besides those of the API server; repeatable' }),
  leaseRenew: durationField('2s', { ours: true, flag: 'announce-lease-renew', group: 'Announcing', besideConfig: true, onlyRuns: true, zeroIsUnset: true, allowed: '1s to half of leaseDuration', help: 'interval of renewing the Lease of this node' }),
  leaseDuration: durationField('6s', { ours: true, flag: 'announce-lease-duration', group: 'Announcing', besideConfig: true, onlyRuns: true, zeroIsUnset: true, allowed: 'at least 3s', help: 'a node whose Lease was not renewed for so long loses its addresses' }),
  refresh: durationField('60s', { ours: true, flag: 'announce-refresh', group: 'Announcing', besideConfig: true, onlyRuns: true, zeroIsUnset: true, allowed: 'at least 1s', help: 'interval of telling the neighbours again, for switches that forget' }),
  restartGrace: durationField('0s', { ours: true, flag: 'announce-restart-grace', group: 'Announcing', besideConfig: true, onlyRuns: true, allowed: '0 to 2m', help: 'after SIGTERM the addresses stay with this node for so long, for a restart; 0: other nodes take them over at once' }),
  withoutEndpoints: boolField(false, { ours: true, flag: 'announce-without-endpoints', group: 'Announcing', besideConfig: true, onlyRuns: true, help: 'announce addresses of Services without endpoints, too, whose clients are refused then' }),
  ignoreExcludeLabel: boolField(false, { ours: true, flag: 'ignore-exclude-label', group: 'Announcing', besideConfig: true, onlyRuns: true, help: 'nodes with the label node.kubernetes.io/exclude-from-external-load-balancers announce all the same' }),
  heartbeatKeyFile: textField('', { ours: true, flag: 'announce-heartbeat-key-file', group: 'Announcing', besideConfig: true, onlyRuns: true, allowed: 'with --announce-heartbeat', help: 'file with the key that all nodes sign their heartbeats with, at least 16 bytes' }),
  heartbeat: boolField(false, { ours: true, flag: 'announce-heartbeat', group: 'Announcing', besideConfig: true, onlyRuns: true, help: 'send heartbeats to the other nodes (UDP), so that a dead one is noticed within a second' }),
  heartbeatPort: integerField(7947, { ours: true, flag: 'announce-heartbeat-port', group: 'Announcing', besideConfig: true, onlyRuns: true, allowed: '1-65535', help: 'UDP port of the heartbeats, the same on all nodes' }),
});

// biome-ignore format: one field a line
const LOGGING = section({
  format: textField('text', { flag: 'logging-format', group: 'Logging', besideConfig: true, allowed: 'text, json', help: 'text or json' }),
  flushFrequency: durationOrNanosecondsField('5s', { flag: 'log-flush-frequency', group: 'Logging', besideConfig: true, zeroIsUnset: true, withoutEffect: true, help: 'longest time between log flushes; every line is written at once' }),
  verbosity: integerField(0, { live: true, flag: 'v', shorthand: 'v', group: 'Logging', besideConfig: true, allowed: 'at least 0', help: 'log verbosity; 2: changes of Services and endpoints, too; 4: each sync and what it changed' }),
  vmodule: vmoduleField({ flag: 'vmodule', group: 'Logging', besideConfig: true, withoutEffect: true, help: 'log verbosity by source file: pattern=N,…' }),
  options: section({
    text: section({
      splitStream: boolField(false, { flag: 'log-text-split-stream', group: 'Logging', besideConfig: true, withoutEffect: true, help: 'errors to standard error, the rest to standard output' }),
      infoBufferSize: sizeField('0', { flag: 'log-text-info-buffer-size', group: 'Logging', besideConfig: true, withoutEffect: true, help: 'bytes that are buffered of what is no error' }),
    }),
    json: section({
      splitStream: boolField(false, { flag: 'log-json-split-stream', group: 'Logging', besideConfig: true, withoutEffect: true, help: 'errors to standard error, the rest to standard output' }),
      infoBufferSize: sizeField('0', { flag: 'log-json-info-buffer-size', group: 'Logging', besideConfig: true, withoutEffect: true, help: 'bytes that are buffered of what is no error' }),
    }),
  }),
});

// biome-ignore format: one field a line
const HEALTH_CHECKS = section({
  default: textField('none', { ours: true, flag: 'health-check-default', group: 'Health and metrics', besideConfig: true, allowed: 'as annotation menwei.dev/health-check', help: 'how endpoints of Services without annotation menwei.dev/health-check are checked: "tcp", "http path=/healthz interval=5s"' }),
  rate: integerField(500, { ours: true, flag: 'health-check-rate', group: 'Health and metrics', besideConfig: true, onlyRuns: true, allowed: '1-100000', help: 'most checks of endpoints a second; with more to do, their intervals grow' }),
  endpointMetrics: boolField(false, { ours: true, flag: 'health-endpoint-metrics', group: 'Health and metrics', besideConfig: true, onlyRuns: true, help: 'a metric for each endpoint that is checked: whether it is up' }),
  stateFile: textField('', { ours: true, flag: 'health-state-file', group: 'Health and metrics', besideConfig: true, derivedDefault: '/run/menwei/health-<node>.json', help: 'keeps which endpoints are out of use by their health checks over a restart; none: a restart uses them until their checks fail again' }),
});

// biome-ignore format: one field a line
const DNS = section({
  addresses: listField({ ours: true, flag: 'dns', group: 'DNS', besideConfig: true, onlyRuns: true, allowed: 'IP:port', help: 'answer for the names of Services and pods at these addresses, in a process of its own (menwei dns)' }),
  forward: listField({ ours: true, flag: 'dns-forward', group: 'DNS', besideConfig: true, onlyRuns: true, allowed: 'addresses, a file, or none', help: 'with --dns: who is asked for all other names; empty: /etc/resolv.conf' }),
  zone: textField('cluster.local', { ours: true, flag: 'dns-zone', group: 'DNS', besideConfig: true, onlyRuns: true, allowed: 'a domain', help: "with --dns: the cluster's domain" }),
  metricsBindAddress: textField('127.0.0.1:9153', { ours: true, flag: 'dns-metrics-bind-address', group: 'DNS', besideConfig: true, onlyRuns: true, allowed: 'IP:port, or none', help: 'with --dns: where its /metrics, /ready, /health and /status are told; none: nowhere' }),
});

// biome-ignore format: one field a line
const METRICS = section({
  serviceLimit: integerField(1_000, { live: true, ours: true, flag: 'service-metrics-limit', group: 'Health and metrics', besideConfig: true, onlyRuns: true, allowed: 'at least 0', help: 'with more Services than this, there are no metrics about single ones' }),
  countConnections: boolField(false, { ours: true, flag: 'count-service-connections', group: 'Health and metrics', besideConfig: true, onlyRuns: true, help: 'tell the connections to single Services in iptables mode, too; each scrape runs iptables then' }),
});

// biome-ignore format: one field a line
const LOAD_BALANCER = section({
  answer: textField('pools', { ours: true, flag: 'load-balancer-answer', group: 'Proxy', besideConfig: true, allowed: 'pools, all, none', help: 'load-balancer addresses for which the node answers pings and refuses connections to ports that no Service has: pools (addresses that a load balancer of this cluster took from a pool), all, none' }),
});

// biome-ignore format: one field a line
const WINKERNEL = section({
  networkName: textField('', { withoutEffect: true, help: 'of Windows' }),
  sourceVip: textField('', { withoutEffect: true, help: 'of Windows' }),
  enableDSR: boolField(false, { withoutEffect: true, help: 'of Windows' }),
  rootHnsEndpointName: textField('', { withoutEffect: true, help: 'of Windows' }),
  forwardHealthCheckVip: boolField(false, { withoutEffect: true, help: 'of Windows' }),
});

// biome-ignore format: one field a line
export const CONFIGURATION = section({
  mode: textField('iptables', { flag: 'proxy-mode', group: 'Proxy', allowed: 'iptables, nftables, ipvs, userspace, auto', help: 'iptables, nftables, ipvs, userspace, or auto: nftables where the kernel takes all of it, else iptables' }),
  clientConnection: CLIENT_CONNECTION,
  configSyncPeriod: durationField('15m', { flag: 'config-sync-period', group: 'API server and objects', zeroIsUnset: true, withoutEffect: true, allowed: 'greater than 0', help: 'interval of listing anew; the API server is watched' }),
  hostnameOverride: textField('', { flag: 'hostname-override', group: 'Node', besideConfig: true, help: "name of this node's Node object, instead of the host name" }),
  bindAddress: textField('0.0.0.0', { flag: 'bind-address', group: 'Node', allowed: 'an IP address', help: "this node's address, which also decides the primary IP family; nothing is bound to it" }),
  oomScoreAdj: integerField(-999, { live: true, flag: 'oom-score-adj', group: 'Node', onlyRuns: true, allowed: '-1000 to 1000', help: 'oom_score_adj of this process, for the out-of-memory killer: -1000 is never, 1000 first' }),
  detectLocalMode: textField('ClusterCIDR', { flag: 'detect-local-mode', group: 'Proxy', allowed: 'ClusterCIDR, NodeCIDR, BridgeInterface, InterfaceNamePrefix', help: 'how traffic from pods of this node is detected: ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix' }),
  clusterCIDR: textField('', { flag: 'cluster-cidr', group: 'Proxy', allowed: 'a CIDR, or one of each IP family', help: 'CIDR of the pods in the cluster: one, or one of each IP family, separated by a comma' }),
  detectLocal: DETECT_LOCAL,
  nodePortAddresses: listField({ flag: 'nodeport-addresses', group: 'Proxy', allowed: 'CIDRs, or only primary', help: 'CIDRs of the addresses that accept NodePort traffic, or "primary"; empty: all of them, and in nftables mode primary' }),
  loadBalancer: LOAD_BALANCER,
  iptables: IPTABLES,
  nftables: NFTABLES,
  ipvs: IPVS,
  portRange: textField('', { flagIsOurs: true, flag: 'proxy-port-range', group: 'userspace mode', allowed: 'FIRST-LAST, FIRST+COUNT or one port, in userspace mode', help: 'ports the userspace proxy listens on: FIRST-LAST, FIRST+COUNT or one number; empty: 32768-60999' }),
  userspace: USERSPACE,
  conntrack: CONNTRACK,
  announce: ANNOUNCE,
  healthzBindAddress: textField('', { derivedDefault: '0.0.0.0:10256', flag: 'healthz-bind-address', group: 'Health and metrics', onlyRuns: true, allowed: 'IP or IP:port', help: 'address and port of the health server; an empty flag: none; with an IPv6 bind address the default is [::]:10256' }),
  metricsBindAddress: textField('', { derivedDefault: '127.0.0.1:10249', flag: 'metrics-bind-address', group: 'Health and metrics', onlyRuns: true, allowed: 'IP or IP:port', help: 'address and port of the metrics server; an empty flag: none; with an IPv6 bind address the default is [::1]:10249' }),
  metrics: METRICS,
  healthChecks: HEALTH_CHECKS,
  dns: DNS,
  bindAddressHardFail: boolField(false, { flag: 'bind-address-hard-fail', group: 'Health and metrics', onlyRuns: true, help: "exit when the health or metrics address can't be bound, instead of retrying" }),
  enableProfiling: boolField(false, { flag: 'profiling', group: 'Health and metrics', onlyRuns: true, withoutEffect: true, help: 'serve profiles at the metrics address' }),
  showHiddenMetricsForVersion: textField('', { flag: 'show-hidden-metrics-for-version', group: 'Health and metrics', onlyRuns: true, withoutEffect: true, allowed: '1.35, the version before', help: 'metrics that this version hides; Menwei has none' }),
  featureGates: gatesField({ flag: 'feature-gates', group: 'Configuration', allowed: 'feature gates of Kubernetes 1.36; not those that are locked', help: 'NAME=true|false pairs, separated by commas; most gates have no effect' }),
  leaveOtherProxies: boolField(false, { ours: true, flag: 'leave-other-proxies', group: 'Proxy', besideConfig: true, help: 'leave in place what kube-proxy and other modes have programmed, instead of removing it after the first sync' }),
  unstick: boolField(true, { ours: true, flag: 'unstick', group: 'Conntrack', besideConfig: true, onlyRuns: true, help: 'delete the conntrack entries of TCP connections that are being made to an endpoint which is no longer used (removed, not ready, down), so that the client reaches another one by its next SYN' }),
  logging: LOGGING,
  winkernel: WINKERNEL,
  windowsRunAsService: boolField(false, { withoutEffect: true, help: 'of Windows' }),
});

/** A configuration in which every field has a value, durations in milliseconds. What they mean has not been checked. */
export type Configuration = v.InferOutput<typeof CONFIGURATION>;

/** In the order of the table. */
export const FIELDS = fieldsOf(CONFIGURATION);
