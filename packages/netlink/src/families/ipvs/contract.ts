/** The kernel's load balancer as a program sees it: the kernel's own (client.ts), or a fake of it. */
import type { IpFamily } from '../../address.ts';
import type { KernelError } from '../../kernel-error.ts';
import type { TransportProtocol } from '../../protocol.ts';

/** What a virtual server answers to: an address and port, or packets with a firewall mark. */
export type Frontend =
  | {
      readonly family: IpFamily;
      readonly protocol: TransportProtocol;
      /** Canonical. */
      readonly ip: string;
      readonly port: number;
    }
  | { readonly family: IpFamily; readonly mark: number };

/** Flags of a virtual server (linux/ip_vs.h: IP_VS_SVC_F_*); what SCHED1 and SCHED2 mean is the scheduler's affair. */
export const SERVER_PERSISTENT = 0x1;
export const SERVER_ONE_PACKET = 0x4;
/** sh-fallback, mh-fallback. */
export const SERVER_SCHEDULER_FALLBACK = 0x8;
/** sh-port, mh-port. */
export const SERVER_SCHEDULER_PORT = 0x10;

/** A virtual server without its destinations. */
export interface VirtualServer {
  readonly frontend: Frontend;
  /** `rr` */
  readonly scheduler: string;
  /** SERVER_*; without the kernel's own IP_VS_SVC_F_HASHED. */
  readonly flags: number;
  /** How long a client stays with its destination; counts if SERVER_PERSISTENT is set, and is 0 otherwise. */
  readonly timeoutSeconds: number;
}

/** How packets get to a destination (linux/ip_vs.h: IP_VS_CONN_F_MASQ, _DROUTE, _TUNNEL); `local`: made by the kernel. */
export type ForwardingMethod = 'masquerade' | 'direct' | 'tunnel' | 'local' | 'bypass';

/** A real server, to which a virtual server leads. */
export interface Destination {
  /** Canonical; of the family of the virtual server. */
  readonly ip: string;
  readonly port: number;
  /** 0-65535; 0: no new connections. */
  readonly weight: number;
  readonly forwarding: ForwardingMethod;
}

/** A destination and how many connections it has. */
export interface ObservedDestination extends Destination {
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
}

/** One change; those of a batch are made in their order. `set` changes what is there already. */
export type IpvsEdit =
  | { readonly change: 'add-server' | 'set-server'; readonly server: VirtualServer }
  /** With all its destinations. */
  | { readonly change: 'remove-server'; readonly frontend: Frontend }
  | {
      readonly change: 'add-destination' | 'set-destination';
      readonly frontend: Frontend;
      readonly destination: Destination;
    }
  | {
      readonly change: 'remove-destination';
      readonly frontend: Frontend;
      readonly destination: Pick<Destination, 'ip' | 'port'>;
    };

/** An edit that was not made, and why. */
export interface IpvsRefusal {
  readonly edit: IpvsEdit;
  /** With the number of the kernel: EEXIST, ENOENT (no such server or scheduler), ESRCH (no such server). */
  readonly error: KernelError;
}

/** Whole seconds; 0: leave it as it is. */
export interface IpvsTimeouts {
  readonly tcpSeconds: number;
  readonly tcpFinSeconds: number;
  readonly udpSeconds: number;
}

/** What went through a virtual server or to a destination. */
export interface Counters {
  readonly connections: bigint;
  readonly packetsIn: bigint;
  readonly packetsOut: bigint;
  readonly bytesIn: bigint;
  readonly bytesOut: bigint;
}

/** A daemon that tells other directors of this one's connections, or learns of theirs (ipvsadm --start-daemon). */
export interface SyncDaemon {
  readonly state: 'master' | 'backup';
  /** The name of the interface it uses. */
  readonly interface: string;
  readonly syncId: number;
}

/** The kernel's IPVS. */
export interface IpvsInfo {
  /** `1.2.1` */
  readonly version: string;
  /** Buckets of the hash table of connections. */
  readonly connectionTableSize: number;
}

/** Reads and changes the IPVS of one network namespace. */
export interface IpvsClient {
  /** Makes the changes in few datagrams, in order; one that is refused does not stop the others. Throws KernelError. */
  apply(edits: readonly IpvsEdit[], signal: AbortSignal): Promise<readonly IpvsRefusal[]>;
  /**
   * All virtual servers of a family, anybody's. When some are removed meanwhile, of any family, others may be missing that are
   * there all the time; `observePresent` is exact. Throws KernelError.
   */
  observeServers(family: IpFamily, signal: AbortSignal): Promise<readonly VirtualServer[]>;
  /** Those of these that there are, anybody's; the cost depends on how many are asked for. Throws KernelError. */
  observePresent(frontends: readonly Frontend[], signal: AbortSignal): Promise<ReadonlySet<FrontendKey>>;
  /** Of one virtual server; empty also if there is no such server. Throws KernelError. */
  observeDestinations(frontend: Frontend, signal: AbortSignal): Promise<readonly ObservedDestination[]>;
  /**
   * What went through each virtual server of a family since it was made; the kernel adds it up every two seconds. Throws
   * KernelError.
   */
  observeServerCounters(family: IpFamily, signal: AbortSignal): Promise<ReadonlyMap<FrontendKey, Counters>>;
  /** Of one virtual server's destinations, by `10.0.0.1:80`; empty also if there is no such server. Throws KernelError. */
  observeDestinationCounters(frontend: Frontend, signal: AbortSignal): Promise<ReadonlyMap<string, Counters>>;
  /** How long connections without packets are kept; of all of the network namespace. Throws KernelError. */
  observeTimeouts(): IpvsTimeouts;
  /** Throws KernelError. */
  applyTimeouts(timeouts: IpvsTimeouts): void;
  /** Throws KernelError. */
  observeInfo(): IpvsInfo;
  /** Those that run in the network namespace. Throws KernelError. */
  observeDaemons(signal: AbortSignal): Promise<readonly SyncDaemon[]>;
}

/** `TCP 10.96.0.1:80`, `UDP [fd00::1]:53`, `mark 7 IPv4`: the identity of a virtual server. */
export type FrontendKey = string;
