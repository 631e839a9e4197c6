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
  own('write-config-to', 'text', 'refused: writing the resolved configuration to a file is not supported yet'),
  own('cleanup', 'bool', 'remove what any mode has programmed and exit'),
  own('init-only', 'bool', 'refused: doing only what needs full privileges is not supported yet'),
  own('master', 'text', 'URL of the API server; wins over the kubeconfig'),
  { ...field('hostname-override', 'text', 'hostnameOverride', "name of this node's Node object, instead of the host name"), besideConfig: true },
  own('manifests', 'list', 'take the objects from this file or folder (YAML or JSON, watched) instead of an API server; repeatable'),
  own('dry-run', 'bool', 'print the changes instead of making them'),
];

// biome-ignore format: one flag a line
const CLIENT: readonly Flag[] = [
  field('kubeconfig', 'text', 'clientConnection.kubeconfig', 'kubeconfig file with address and credentials of the API server'),
  field('kube-api-content-type', 'text', 'clientConnection.contentType', 'content type of requests to the API server', 'application/vnd.kubernetes.protobuf'),
  field('kube-api-qps', 'number', 'clientConnection.qps', 'requests a second to the API server', '5'),
  field('kube-api-burst', 'integer', 'clientConnection.burst', 'requests that may exceed --kube-api-qps for a moment', '10'),
  field('config-sync-period', 'duration', 'configSyncPeriod', 'accepted, without effect: changes of the API server are seen when they happen', '15m'),
];

// biome-ignore format: one flag a line
const SERVERS: readonly Flag[] = [
  field('bind-address', 'text', 'bindAddress', "this node's address, which also decides the primary IP family; nothing is bound to it", '0.0.0.0'),
  field('bind-address-hard-fail', 'bool', 'bindAddressHardFail', "exit when the health or metrics address can't be bound, instead of trying again", 'false'),
  field('healthz-bind-address', 'text', 'healthzBindAddress', 'address and port of the health server', '0.0.0.0:10256'),
  field('metrics-bind-address', 'text', 'metricsBindAddress', 'address and port of the metrics server', '127.0.0.1:10249'),
  { name: 'healthz-port', kind: 'integer', fields: [], default: '10256', help: 'deprecated: 0 turns the health server off, other values change nothing' },
  { name: 'metrics-port', kind: 'integer', fields: [], default: '10249', help: 'deprecated: use --metrics-bind-address' },
  field('profiling', 'bool', 'enableProfiling', 'offer profiles at the metrics address', 'false'),
  field('show-hidden-metrics-for-version', 'text', 'showHiddenMetricsForVersion', 'also show the metrics that were hidden since this version, <major>.<minor>'),
];

// biome-ignore format: one flag a line
const MODES: readonly Flag[] = [
  field('proxy-mode', 'text', 'mode', 'iptables, nftables, ipvs or userspace', 'iptables'),
  field('masquerade-all', 'bool', 'iptables.masqueradeAll nftables.masqueradeAll', 'masquerade all traffic to cluster IPs', 'false'),
  field('iptables-masquerade-bit', 'integer', 'iptables.masqueradeBit', 'bit of the packet mark that asks for masquerading, 0-31', '14'),
  field('iptables-localhost-nodeports', 'bool', 'iptables.localhostNodePorts', 'NodePorts also answer on 127.0.0.1 (iptables mode)', 'true'),
  field('iptables-sync-period', 'duration', 'iptables.syncPeriod nftables.syncPeriod', 'when a failed sync is tried again, in every mode but ipvs', '30s'),
  field('iptables-min-sync-period', 'duration', 'iptables.minSyncPeriod nftables.minSyncPeriod', 'shortest pause between syncs, in every mode but ipvs', '1s'),
  field('ipvs-sync-period', 'duration', 'ipvs.syncPeriod', 'longest pause between syncs (ipvs mode)', '30s'),
  field('ipvs-min-sync-period', 'duration', 'ipvs.minSyncPeriod', 'shortest pause between syncs (ipvs mode)', '1s'),
  field('ipvs-scheduler', 'text', 'ipvs.scheduler', 'how a virtual server chooses', 'rr'),
  field('ipvs-exclude-cidrs', 'list', 'ipvs.excludeCIDRs', 'virtual servers with these addresses are left alone'),
  field('ipvs-strict-arp', 'bool', 'ipvs.strictARP', 'answer ARP only on the interface that has the address', 'false'),
  field('ipvs-tcp-timeout', 'duration', 'ipvs.tcpTimeout', 'how long an idle TCP connection is kept; 0: as the system has it', '0'),
  field('ipvs-tcpfin-timeout', 'duration', 'ipvs.tcpFinTimeout', 'how long a TCP connection is kept after a FIN; 0: as the system has it', '0'),
  field('ipvs-udp-timeout', 'duration', 'ipvs.udpTimeout', 'how long an idle UDP flow is kept; 0: as the system has it', '0'),
  { ...field('ipvs-drain-timeout', 'duration', 'ipvs.drainTimeout', 'how long an endpoint that is gone keeps the connections it has, at most; 0: not at all', '15m'), besideConfig: true },
  { ...field('ipvs-required', 'bool', 'ipvs.required', 'exit when the kernel has no IPVS, instead of running in iptables mode', 'false'), besideConfig: true },
  field('proxy-port-range', 'text', 'portRange', 'ports that userspace mode listens on: FIRST-LAST, FIRST+COUNT or one number; empty: 32768-60999'),
  field('udp-timeout', 'duration', 'userspace.udpTimeout', 'how long an idle UDP flow is kept (userspace mode)', '2m'),
  { ...field('userspace-threads', 'integer', 'userspace.threads', 'threads that forward; 0: one a CPU, at most 4', '0'), besideConfig: true },
  { ...field('userspace-idle-timeout', 'duration', 'userspace.idleTimeout', 'how long an idle TCP connection is kept', '24h'), besideConfig: true },
  { ...field('userspace-half-closed-timeout', 'duration', 'userspace.halfClosedTimeout', 'the same of one that has ended in one direction, or waits for somebody who does not read', '1h'), besideConfig: true },
  { ...field('userspace-drain-timeout', 'duration', 'userspace.drainTimeout', 'how long an endpoint that is gone keeps the connections it has, at most; 0: not at all', '15m'), besideConfig: true },
  { ...field('userspace-shutdown-timeout', 'duration', 'userspace.shutdownTimeout', 'how long connections may go on after SIGTERM; 0: not at all', '25s'), besideConfig: true },
];

// biome-ignore format: one flag a line
const NODE: readonly Flag[] = [
  field('detect-local-mode', 'text', 'detectLocalMode', "how traffic of this node's pods is recognised: ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix", 'ClusterCIDR'),
  field('cluster-cidr', 'text', 'clusterCIDR', 'addresses of all pods: one CIDR, or one of each IP family with a comma between'),
  field('pod-bridge-interface', 'text', 'detectLocal.bridgeInterface', "the bridge this node's pods are connected to"),
  field('pod-interface-name-prefix', 'text', 'detectLocal.interfaceNamePrefix', "how the names of the pods' interfaces begin"),
  field('nodeport-addresses', 'list', 'nodePortAddresses', 'CIDRs of the addresses that accept NodePort traffic, or "primary"; empty: all of them'),
  field('oom-score-adj', 'integer', 'oomScoreAdj', 'how readily the kernel ends this process when memory runs out', '-999'),
  field('conntrack-max-per-core', 'integer', 'conntrack.maxPerCore', 'connections tracked per CPU; 0: as the system has it', '32768'),
  field('conntrack-min', 'integer', 'conntrack.min', 'connections tracked at least', '131072'),
  field('conntrack-tcp-timeout-established', 'duration', 'conntrack.tcpEstablishedTimeout', 'how long an idle TCP connection is tracked; 0: as the system has it', '24h'),
  field('conntrack-tcp-timeout-close-wait', 'duration', 'conntrack.tcpCloseWaitTimeout', 'how long a TCP connection in CLOSE_WAIT is tracked', '1h'),
  field('conntrack-tcp-be-liberal', 'bool', 'conntrack.tcpBeLiberal', 'track TCP packets outside of the window', 'false'),
  field('conntrack-udp-timeout', 'duration', 'conntrack.udpTimeout', 'how long an idle UDP flow is tracked; 0: as the system has it', '0'),
  field('conntrack-udp-timeout-stream', 'duration', 'conntrack.udpStreamTimeout', 'the same of flows that were answered', '0'),
  field('feature-gates', 'gates', 'featureGates', 'name=true|false pairs'),
];

/** Logging flags win over the file. */
// biome-ignore format: one flag a line
const LOGGING: readonly Flag[] = [
  { ...field('logging-format', 'text', 'logging.format', 'text or json', 'text'), besideConfig: true },
  { ...field('v', 'integer', 'logging.verbosity', 'how much is logged; 4 and more: for debugging', '0'), besideConfig: true, shorthand: 'v' },
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
