/**
 * A ServicePort: one port of one Service in one IP family, with its endpoints. It is the unit of everything right
 * of here: compiled, programmed and reported on its own (spec § 2).
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { HealthCheck } from '../kubernetes/health-check.ts';
import type { Balancing, Protocol } from '../kubernetes/objects.ts';

/** One address behind a service port, as every backend uses it. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  /** `10.0.0.1:80`, `[fd00::1]:80`: the identity and the sort key of an endpoint. */
  readonly text: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** On this node. */
  readonly isLocal: boolean;
  readonly zoneHints: readonly string[] | undefined;
  readonly nodeHints: readonly string[] | undefined;
  /** 0-65535, see SliceEndpoint; modes that spread evenly pass it over. */
  readonly weight: number;
  /** In slow start, and only while it is compiled: how many tenths of its weight it has yet, 1-9. */
  readonly slowStartStep?: number;
}

/** What is known of the endpoints of a service port by checks (health § 3). */
export interface PortHealth {
  readonly check: HealthCheck;
  /** `text` of the endpoints that checks have found to be down, sorted. Whether they go unused the others decide, too (health § 4). */
  readonly down: readonly string[];
}

/** `<namespace>/<name>[:<port name>]/<protocol>`: unique within one family. */
export type ServicePortKey = string;

export interface ServicePort {
  readonly key: ServicePortKey;
  readonly family: IpFamily;
  readonly namespace: string;
  readonly name: string;
  readonly portName: string;
  /** `namespace/name[:portName]`, the form used in comments and chain hashes (called spn in the spec). */
  readonly displayName: string;
  readonly protocol: Protocol;
  /** Undefined when an older Service owns this address (see claims.ts). */
  readonly clusterIP: string | undefined;
  readonly port: number;
  /** 0 when none, or when an older Service owns it. */
  readonly nodePort: number;
  /** Seconds; 0 without ClientIP affinity. */
  readonly sessionAffinitySeconds: number;
  readonly externalIPs: readonly string[];
  readonly loadBalancerVIPs: readonly string[];
  /** A load balancer of this cluster has taken those from a pool: they are nobody's but the cluster's. */
  readonly hasPoolAddresses: boolean;
  /** Who may use the load-balancer addresses, as canonical CIDR text of this family; undefined: everybody. */
  readonly loadBalancerSourceRanges: readonly string[] | undefined;
  /** 0 when none. */
  readonly healthCheckNodePort: number;
  readonly externalPolicyLocal: boolean;
  readonly internalPolicyLocal: boolean;
  /** Never asks for a forwarding that the endpoints could not take part in. */
  readonly balancing: Balancing;
  /** Undefined: its endpoints are not checked. */
  readonly health: PortHealth | undefined;
  /** Sorted by `text`, without duplicates, whatever their condition. */
  readonly endpoints: readonly Endpoint[];
}

/** Where the kernel leads traffic. */
export interface Destination {
  readonly ip: string;
  readonly port: number;
}

/** A service port as it was given to the kernel. */
export interface AppliedPort extends ServicePort {
  /** In a mode where the kernel leads its traffic elsewhere than to the endpoints; else there are none. */
  readonly destinations?: readonly Destination[];
}

/** Reachable from outside the cluster by NodePort, load-balancer or external address. */
export function isExternallyAccessible(port: ServicePort): boolean {
  return port.nodePort !== 0 || port.loadBalancerVIPs.length > 0 || port.externalIPs.length > 0;
}

/** Some traffic of the port may go to endpoints of the whole cluster. */
export function usesClusterEndpoints(port: ServicePort): boolean {
  return !port.internalPolicyLocal || isExternallyAccessible(port);
}

/** Some traffic of the port must stay on this node. */
export function usesLocalEndpoints(port: ServicePort): boolean {
  return port.internalPolicyLocal || (port.externalPolicyLocal && isExternallyAccessible(port));
}
