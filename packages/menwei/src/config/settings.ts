/**
 * What the program runs with: flags, configuration file and defaults, resolved and checked (spec § 10).
 * Durations are milliseconds, addresses and CIDRs canonical text.
 */
import type { Cidr } from '@menwei/addresses/ip.ts';
import type { HealthCheck } from '../kubernetes/health-check.ts';
import type { AnsweredVIPs } from '../services/answered-vips.ts';

/** How the kernel is made to do the work. kube-proxy dropped userspace in 1.26; it lives on here. */
export const MODE_NAMES = ['userspace', 'iptables', 'ipvs', 'nftables'] as const;
export type ProxyMode = (typeof MODE_NAMES)[number];
/** In the place of a mode: the best one that the machine can run. */
export const AUTO_MODE = 'auto';

/** How traffic of this node's pods is recognised (spec § 10.6). */
export type DetectLocalMode = 'ClusterCIDR' | 'NodeCIDR' | 'BridgeInterface' | 'InterfaceNamePrefix';

/** Where a server listens. `host` is an IP address in canonical text, without brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** How to reach the API server. */
interface ClientSettings {
  /** Path of the kubeconfig file; empty: none was named. */
  readonly kubeconfig: string;
  /** URL of the API server that wins over the kubeconfig's; empty: none was named. */
  readonly master: string;
  /** Requests a second that the client allows itself; negative: no limit. */
  readonly qps: number;
  /** Requests that may exceed `qps` for a moment. */
  readonly burst: number;
}

/** The masquerade settings of one mode. */
interface MasqueradeSettings {
  /** The bit of the packet mark (fwmark) for packets to masquerade, 0-31. */
  readonly masqueradeBit: number;
  /** Masquerade everything that goes to a cluster IP. */
  readonly masqueradeAll: boolean;
}

interface IptablesSettings extends MasqueradeSettings {
  /** NodePorts also answer on 127.0.0.1. */
  readonly localhostNodePorts: boolean;
}

export interface IpvsSettings {
  /** Of Services that don't name one; whether this kernel has it shows at start. */
  readonly scheduler: string;
  /** Virtual servers with these addresses are nobody's business. */
  readonly excludeCIDRs: readonly Cidr[];
  /** An address is answered for on the interface that has it, and on no other. */
  readonly strictARP: boolean;
  /** How long the kernel keeps an idle TCP connection; 0: as it is set. */
  readonly tcpTimeoutMs: number;
  /** The same after a FIN. */
  readonly tcpFinTimeoutMs: number;
  /** The same of UDP connections. */
  readonly udpTimeoutMs: number;
  /** How long an endpoint that is gone keeps its connections at most; 0: not at all. */
  readonly drainTimeoutMs: number;
  /** A kernel without IPVS ends the program, instead of making it run in iptables mode. */
  readonly required: boolean;
}

/** What of it is 0 or off stays as the kernel has it. */
export interface ConntrackSettings {
  /** Connections tracked per CPU. */
  readonly maxPerCore: number;
  /** Connections tracked at least, unless `maxPerCore` is 0. */
  readonly min: number;
  readonly tcpEstablishedTimeoutMs: number;
  readonly tcpCloseWaitTimeoutMs: number;
  /** Packets outside of the window are tracked, too. */
  readonly tcpBeLiberal: boolean;
  readonly udpTimeoutMs: number;
  /** The same of connections that were answered. */
  readonly udpStreamTimeoutMs: number;
}

export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

/** A taint of a Node, which keeps pods away. */
export interface NodeTaint {
  readonly key: string;
  /** Undefined: any. */
  readonly effect: (typeof TAINT_EFFECTS)[number] | undefined;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface UserspaceSettings {
  /** Where relays listen. */
  readonly portRange: PortRange;
  /** Threads of the userspace proxy; 0: as many as suit the machine. */
  readonly threads: number;
  /** How long a UDP flow is kept over which nothing goes. */
  readonly udpTimeoutMs: number;
  /** The same of a TCP connection. */
  readonly idleTimeoutMs: number;
  /** The same of one that has ended in one direction, or waits for somebody who does not read. */
  readonly halfClosedTimeoutMs: number;
  /** How long an endpoint that is gone keeps its connections at most; 0: not at all. */
  readonly drainTimeoutMs: number;
  /** How long connections may go on when the program ends; 0: not at all. */
  readonly shutdownTimeoutMs: number;
}

/** How this node announces load-balancer addresses. */
export interface AnnounceSettings {
  /** Where the Leases of nodes are. */
  readonly namespace: string;
  /** Of Services whose addresses are announced, besides those without a class. */
  readonly loadBalancerClasses: ReadonlySet<string>;
  /** Files and folders with pools and advertisements. */
  readonly configuration: readonly string[];
  readonly leaseRenewMs: number;
  readonly leaseDurationMs: number;
  /** How often neighbours are told again. */
  readonly refreshMs: number;
  /** How long others leave the addresses alone after a signal to stop; 0: they take them over. */
  readonly restartGraceMs: number;
  readonly withoutEndpoints: boolean;
  readonly ignoresExcludeLabel: boolean;
  /** Undefined: there is none. */
  readonly heartbeat: { readonly keyFile: string; readonly port: number } | undefined;
}

/** Which of Kubernetes' feature gates are on, of those that mean something here. */
export interface FeatureGates {
  /** External IPs of Services are served. */
  readonly allowServiceExternalIPs: boolean;
  /** `/flagz` is answered. */
  readonly componentFlagz: boolean;
  /** `/statusz` is answered. */
  readonly componentStatusz: boolean;
}

/** Active checks of endpoints. */
interface HealthCheckSettings {
  /** Of Services that say nothing; undefined: they are not checked. */
  readonly byDefault: HealthCheck | undefined;
  /** Most checks a second. */
  readonly ratePerSecond: number;
  /** Single endpoints have a metric each. */
  readonly endpointMetrics: boolean;
  /** Keeps what is out of use over a restart; empty: nothing does. */
  readonly stateFile: string;
}

/** The node's own DNS server, a process beside the proxy. What is wrong with its texts it says itself. */
export interface DnsSettings {
  readonly addresses: readonly string[];
  /** Empty: as the node's own file says. */
  readonly forward: readonly string[];
  readonly zone: string;
  /** `none`: nowhere. */
  readonly metricsBindAddress: string;
}

export interface Settings {
  readonly mode: ProxyMode;
  /** Why it is this mode, in words. */
  readonly modeReason: string;
  readonly client: ClientSettings;
  /** Name of this node's Node object: the host name or what overrides it, trimmed and in lower case. */
  readonly nodeName: string;
  /** Never bound; another address than the wildcard decides the primary family and this node's IP in it. */
  readonly bindAddress: string;
  /** This node's addresses if they are given (`--node-ip`): none, one, or one of each family. */
  readonly nodeIPs: readonly string[];
  /** Taken from this node's Node object once Services work; undefined: none. */
  readonly taintUntilReady: NodeTaint | undefined;
  /** A healthz or metrics address that can't be bound ends the program. */
  readonly bindAddressHardFail: boolean;
  /** Undefined: no health server. */
  readonly healthzBindAddress: HostPort | undefined;
  /** Undefined: no metrics server. */
  readonly metricsBindAddress: HostPort | undefined;
  readonly healthChecks: HealthCheckSettings;
  /** Undefined: there is none. */
  readonly dns: DnsSettings | undefined;
  /** With more Services than this, there are no metrics about single ones. */
  readonly serviceMetricsLimit: number;
  /** Where it costs something to know the connections to single Services, they are told all the same. */
  readonly countConnections: boolean;
  /** One CIDR or one of each family in mode ClusterCIDR; empty when unknown. */
  readonly clusterCIDRs: readonly Cidr[];
  readonly detectLocalMode: DetectLocalMode;
  readonly detectLocal: {
    /** Empty unless set. */
    readonly bridgeInterface: string;
    /** Empty unless set. */
    readonly interfaceNamePrefix: string;
  };
  /** Which addresses accept NodePort traffic: those in the CIDRs, or the node's own. The empty list: all. */
  readonly nodePortAddresses: 'primary' | readonly Cidr[];
  /** For which load-balancer addresses the node answers pings and refuses closed ports. */
  readonly answeredVIPs: AnsweredVIPs;
  /** Undefined: this node announces nothing. */
  readonly announce: AnnounceSettings | undefined;
  /** Also used by ipvs and userspace mode. */
  readonly iptables: IptablesSettings;
  readonly nftables: MasqueradeSettings;
  readonly ipvs: IpvsSettings;
  readonly userspace: UserspaceSettings;
  readonly conntrack: ConntrackSettings;
  /** Of the selected mode. How long a failed or unrequested sync waits, and twice of it makes a proxy unhealthy. */
  readonly syncPeriodMs: number;
  /** Of the selected mode. Shortest time from the end of a sync to the start of the next. */
  readonly minSyncPeriodMs: number;
  /** Of this process, -1000 to 1000: the higher, the earlier the kernel kills it when memory runs out. */
  readonly oomScoreAdj: number;
  readonly featureGates: FeatureGates;
  /** All that were given, by name. */
  readonly givenGates: Readonly<Record<string, boolean>>;
  /** The version to report, as `--version=vX` gave it; empty: our own. */
  readonly reportedVersion: string;
  readonly log: {
    readonly format: 'text' | 'json';
    /** `-v`, see Logger. */
    readonly verbosity: number;
  };
  /** Remove what any mode has programmed and exit (`--cleanup`). */
  readonly cleanup: boolean;
  /** Files and folders the objects come from instead of an API server; empty: the API server. */
  readonly manifests: readonly string[];
  /** Where manifests that name none get their NodePorts. */
  readonly nodePortRange: PortRange;
  /** What other proxies and modes have programmed stays. */
  readonly leaveOtherProxies: boolean;
  /** Clients that are connecting to an endpoint when it is removed are led to another one. */
  readonly unstick: boolean;
  /** Print the changes instead of applying them. */
  readonly dryRun: boolean;
}
