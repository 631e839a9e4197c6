/** kube-proxy's flags and ours: names, kinds, and the fields of the configuration they set (spec § 10.1). */

export type FlagKind = 'text' | 'bool' | 'integer' | 'number' | 'duration' | 'list' | 'gates';

export interface Flag {
  readonly name: string;
  readonly kind: FlagKind;
  /** For the help text; the value itself is filled in with the configuration's other defaults. */
  readonly default?: string;
  /** Paths in KubeProxyConfiguration, the flag's own field first. None: the flag is no part of it. */
  readonly fields: readonly string[];
  /** Counts even with --config, where all other flags are ignored. */
  readonly besideConfig?: boolean;
  /** Accepted so that existing command lines work. */
  readonly withoutEffect?: boolean;
  readonly shorthand?: string;
  readonly help: string;
}

/** A flag that stands for fields of the configuration. */
function field(name: string, kind: FlagKind, fields: string, help: string, preset?: string): Flag {
  const common = { name, kind, fields: fields.split(' '), help };
  return preset === undefined ? common : { ...common, default: preset };
}

/** A flag that counts with and without --config and is no field of the configuration. */
function own(name: string, kind: FlagKind, help: string): Flag {
  return { name, kind, fields: [], besideConfig: true, help };
}

/** A flag of kube-proxy's libraries that means nothing here. */
function accepted(name: string, kind: FlagKind): Flag {
  return {
    name,
    kind,
    fields: [],
    besideConfig: true,
    withoutEffect: true,
    help: 'accepted, without effect',
  };
}

// biome-ignore format: one flag a line
const GENERAL: readonly Flag[] = [
  own('config', 'text', 'KubeProxyConfiguration file (YAML or JSON); most other flags are ignored then'),
  own('write-config-to', 'text', 'write the resolved configuration to this file (KubeProxyConfiguration, YAML) and exit'),
  own('cleanup', 'bool', 'remove what any mode has programmed and exit'),
  own('init-only', 'bool', 'refused: doing only what needs full privileges is not supported yet'),
  own('master', 'text', 'URL of the API server; wins over the kubeconfig'),
  { ...field('hostname-override', 'text', 'hostnameOverride', "name of this node's Node object, instead of the host name"), besideConfig: true },
  own('manifests', 'list', 'take the objects from this file or folder (YAML or JSON, watched) instead of an API server; repeatable'),
  own('dry-run', 'bool', 'print the changes instead of applying them'),
];

// biome-ignore format: one flag a line
const CLIENT: readonly Flag[] = [
  field('kubeconfig', 'text', 'clientConnection.kubeconfig', 'kubeconfig file with address and credentials of the API server'),
  field('kube-api-content-type', 'text', 'clientConnection.contentType', 'accepted, without effect yet: content type of requests to the API server', 'application/vnd.kubernetes.protobuf'),
  field('kube-api-qps', 'number', 'clientConnection.qps', 'requests a second to the API server', '5'),
  field('kube-api-burst', 'integer', 'clientConnection.burst', 'burst of requests beyond --kube-api-qps', '10'),
  field('config-sync-period', 'duration', 'configSyncPeriod', 'accepted, without effect: the API server is watched', '15m'),
];

// biome-ignore format: one flag a line
const SERVERS: readonly Flag[] = [
  field('bind-address', 'text', 'bindAddress', "this node's address, which also decides the primary IP family; nothing is bound to it", '0.0.0.0'),
  field('bind-address-hard-fail', 'bool', 'bindAddressHardFail', "exit when the health or metrics address can't be bound, instead of retrying", 'false'),
  field('healthz-bind-address', 'text', 'healthzBindAddress', 'address and port of the health server', '0.0.0.0:10256'),
  field('metrics-bind-address', 'text', 'metricsBindAddress', 'address and port of the metrics server', '127.0.0.1:10249'),
  { name: 'healthz-port', kind: 'integer', fields: [], default: '10256', help: 'deprecated: 0 turns the health server off, other values change nothing' },
  { name: 'metrics-port', kind: 'integer', fields: [], default: '10249', help: 'deprecated: use --metrics-bind-address' },
  field('profiling', 'bool', 'enableProfiling', 'accepted, without effect yet: serve profiles at the metrics address', 'false'),
  field('show-hidden-metrics-for-version', 'text', 'showHiddenMetricsForVersion', 'accepted, without effect: Menwei has no hidden metrics'),
];

// biome-ignore format: one flag a line
const MODES: readonly Flag[] = [
  field('proxy-mode', 'text', 'mode', 'iptables, nftables, ipvs or userspace', 'iptables'),
  field('masquerade-all', 'bool', 'iptables.masqueradeAll nftables.masqueradeAll', 'masquerade all traffic to cluster IPs', 'false'),
  field('iptables-masquerade-bit', 'integer', 'iptables.masqueradeBit', 'bit of the packet mark (fwmark) for packets to masquerade, 0-31', '14'),
  field('iptables-localhost-nodeports', 'bool', 'iptables.localhostNodePorts', 'NodePorts also answer on 127.0.0.1 (iptables mode)', 'true'),
  field('iptables-sync-period', 'duration', 'iptables.syncPeriod nftables.syncPeriod', 'longest interval between retries of a failed sync, and between checks for drift (every mode but ipvs)', '30s'),
  field('iptables-min-sync-period', 'duration', 'iptables.minSyncPeriod nftables.minSyncPeriod', 'shortest interval between syncs (every mode but ipvs)', '1s'),
  field('ipvs-sync-period', 'duration', 'ipvs.syncPeriod', 'longest interval between retries of a failed sync, and between checks for drift (ipvs mode)', '30s'),
  field('ipvs-min-sync-period', 'duration', 'ipvs.minSyncPeriod', 'shortest interval between syncs (ipvs mode)', '1s'),
  field('ipvs-scheduler', 'text', 'ipvs.scheduler', 'IPVS scheduler of Services that name none (ipvs mode)', 'rr'),
  field('ipvs-exclude-cidrs', 'list', 'ipvs.excludeCIDRs', 'CIDRs whose IPVS virtual servers are left alone (ipvs mode)'),
  field('ipvs-strict-arp', 'bool', 'ipvs.strictARP', 'strict ARP: set arp_ignore to 1 and arp_announce to 2 (ipvs mode)', 'false'),
  field('ipvs-tcp-timeout', 'duration', 'ipvs.tcpTimeout', 'idle timeout of TCP connections in IPVS; 0: keep the kernel setting', '0'),
  field('ipvs-tcpfin-timeout', 'duration', 'ipvs.tcpFinTimeout', 'timeout of TCP connections in IPVS after a FIN; 0: keep the kernel setting', '0'),
  field('ipvs-udp-timeout', 'duration', 'ipvs.udpTimeout', 'idle timeout of UDP connections in IPVS; 0: keep the kernel setting', '0'),
  { ...field('ipvs-drain-timeout', 'duration', 'ipvs.drainTimeout', 'longest time that a removed endpoint keeps its connections; 0: it loses them at once (ipvs mode)', '15m'), besideConfig: true },
  { ...field('ipvs-required', 'bool', 'ipvs.required', 'exit when the kernel has no IPVS, instead of falling back to iptables mode', 'false'), besideConfig: true },
  field('proxy-port-range', 'text', 'portRange', 'ports the userspace proxy listens on: FIRST-LAST, FIRST+COUNT or one number; empty: 32768-60999'),
  field('udp-timeout', 'duration', 'userspace.udpTimeout', 'idle timeout of UDP connections (userspace mode)', '2m'),
  { ...field('userspace-threads', 'integer', 'userspace.threads', 'number of threads that forward; 0: one per CPU, at most 4 (userspace mode)', '0'), besideConfig: true },
  { ...field('userspace-idle-timeout', 'duration', 'userspace.idleTimeout', 'idle timeout of TCP connections (userspace mode)', '24h'), besideConfig: true },
  { ...field('userspace-half-closed-timeout', 'duration', 'userspace.halfClosedTimeout', 'idle timeout of half-closed TCP connections, and of those whose receiver does not read (userspace mode)', '1h'), besideConfig: true },
  { ...field('userspace-drain-timeout', 'duration', 'userspace.drainTimeout', 'longest time that a removed endpoint keeps its connections; 0: it loses them at once (userspace mode)', '15m'), besideConfig: true },
  { ...field('userspace-shutdown-timeout', 'duration', 'userspace.shutdownTimeout', 'longest time that connections go on after SIGTERM; 0: they end at once (userspace mode)', '25s'), besideConfig: true },
];

// biome-ignore format: one flag a line
const NODE: readonly Flag[] = [
  field('detect-local-mode', 'text', 'detectLocalMode', "how traffic from pods of this node is detected: ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix", 'ClusterCIDR'),
  field('cluster-cidr', 'text', 'clusterCIDR', 'CIDR of the pods in the cluster: one, or one of each IP family, separated by a comma'),
  field('pod-bridge-interface', 'text', 'detectLocal.bridgeInterface', "bridge interface of this node's pods"),
  field('pod-interface-name-prefix', 'text', 'detectLocal.interfaceNamePrefix', "prefix of the interface names of this node's pods"),
  field('nodeport-addresses', 'list', 'nodePortAddresses', 'CIDRs of the addresses that accept NodePort traffic, or "primary"; empty: all of them'),
  field('oom-score-adj', 'integer', 'oomScoreAdj', 'accepted, without effect yet: oom_score_adj of this process, -1000 to 1000', '-999'),
  field('conntrack-max-per-core', 'integer', 'conntrack.maxPerCore', 'maximum number of conntrack entries per CPU; 0: keep the kernel setting, and ignore --conntrack-min', '32768'),
  field('conntrack-min', 'integer', 'conntrack.min', 'smallest maximum of conntrack entries, whatever --conntrack-max-per-core', '131072'),
  field('conntrack-tcp-timeout-established', 'duration', 'conntrack.tcpEstablishedTimeout', 'idle timeout of conntrack entries of established TCP connections; 0: keep the kernel setting', '24h'),
  field('conntrack-tcp-timeout-close-wait', 'duration', 'conntrack.tcpCloseWaitTimeout', 'timeout of conntrack entries of TCP connections in CLOSE_WAIT; 0: keep the kernel setting', '1h'),
  field('conntrack-tcp-be-liberal', 'bool', 'conntrack.tcpBeLiberal', 'liberal mode: TCP packets outside of the window are not INVALID (nf_conntrack_tcp_be_liberal)', 'false'),
  field('conntrack-udp-timeout', 'duration', 'conntrack.udpTimeout', 'idle timeout of conntrack entries of unanswered UDP connections; 0: keep the kernel setting', '0'),
  field('conntrack-udp-timeout-stream', 'duration', 'conntrack.udpStreamTimeout', 'idle timeout of conntrack entries of answered UDP connections; 0: keep the kernel setting', '0'),
  field('feature-gates', 'gates', 'featureGates', 'accepted, without effect yet: name=true|false pairs'),
];

/** Logging flags win over the file. */
// biome-ignore format: one flag a line
const LOGGING: readonly Flag[] = [
  { ...field('logging-format', 'text', 'logging.format', 'text or json', 'text'), besideConfig: true },
  { ...field('v', 'integer', 'logging.verbosity', 'log verbosity; 4 and more: debug', '0'), besideConfig: true, shorthand: 'v' },
  accepted('vmodule', 'text'),
  accepted('log-flush-frequency', 'duration'),
  accepted('log-json-info-buffer-size', 'text'),
  accepted('log-json-split-stream', 'bool'),
  accepted('log-text-info-buffer-size', 'text'),
  accepted('log-text-split-stream', 'bool'),
  accepted('boot-id-file', 'text'),
  accepted('machine-id-file', 'text'),
];

/** In the order of the help text. */
export const FLAGS: readonly Flag[] = [...GENERAL, ...CLIENT, ...SERVERS, ...MODES, ...NODE, ...LOGGING];
