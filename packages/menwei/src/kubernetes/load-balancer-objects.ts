/** What a load-balancer controller and the announcing of addresses read beside what a proxy does; slimmed and checked as objects.ts says. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ObjectRef, Protocol } from './object-ref.ts';

/** One entry of `status.loadBalancer.ingress`, as it stands there. */
export interface StatusIngress {
  /** Canonical where it is an address; empty when the entry has a host name only. */
  readonly ip: string;
  readonly hostname: string;
  /** Undefined where the object says nothing. */
  readonly ipMode: 'VIP' | 'Proxy' | undefined;
  readonly ports: readonly {
    readonly port: number;
    readonly protocol: Protocol;
    /** Empty: none. */
    readonly error: string;
  }[];
}

/** A `metav1.Condition`. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** As the object has it. */
  readonly lastTransitionTime: string;
}

/**
 * What only a load-balancer controller looks at: of Services of type LoadBalancer, and of those that carry a finalizer or an
 * annotation that such a controller has written, whatever their type is now.
 */
export interface LoadBalancerDetails {
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly finalizers: readonly string[];
  /** `metadata.deletionTimestamp` is set. */
  readonly isDeleting: boolean;
  /** `spec.loadBalancerClass`; empty when none. */
  readonly loadBalancerClass: string;
  /** `spec.loadBalancerIP` as it is written; empty when none. */
  readonly loadBalancerIP: string;
  readonly ipFamilies: readonly IpFamily[];
  readonly ipFamilyPolicy: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
  /** `spec.allocateLoadBalancerNodePorts` */
  readonly allocatesNodePorts: boolean;
  readonly ingress: readonly StatusIngress[];
  readonly conditions: readonly Condition[];
}

/** A core/v1 Namespace. */
export interface Namespace extends ObjectRef {
  readonly kind: 'Namespace';
  readonly labels: ReadonlyMap<string, string>;
}

/** A coordination.k8s.io/v1 Lease. */
export interface Lease extends ObjectRef {
  readonly kind: 'Lease';
  /** Empty when nobody holds it. */
  readonly holderIdentity: string;
  readonly leaseDurationMs: number;
  /** Milliseconds since the epoch, on the clock of who wrote it; 0 when never. Compare it with itself only. */
  readonly renewTimeMs: number;
  readonly annotations: ReadonlyMap<string, string>;
}

/** A `metav1.LabelSelector`; all requirements must hold, and an empty one selects everything. */
export interface LabelSelector {
  readonly requirements: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values: readonly string[];
  }[];
}

/** From the first to the last address, both included; canonical, of one family. */
export interface AddressRange {
  readonly family: IpFamily;
  readonly first: string;
  readonly last: string;
  /** As its author wrote it: `192.0.2.10-192.0.2.20`, `192.0.2.0/24`. */
  readonly text: string;
}

/** Which Services may be given addresses of a pool (MetalLB's `serviceAllocation`); both kinds of condition must hold. */
export interface ServiceAllocation {
  /** The lower number is chosen first; 0 is after all others. */
  readonly priority: number;
  /** Neither names nor selectors: all namespaces. One of them must fit otherwise. */
  readonly namespaces: readonly string[];
  readonly namespaceSelectors: readonly LabelSelector[];
  /** None: all Services. One of them must fit otherwise. */
  readonly serviceSelectors: readonly LabelSelector[];
}

/** Addresses for Services of type LoadBalancer: MetalLB's IPAddressPool, or Cilium's CiliumLoadBalancerIPPool read as one. */
export interface AddressPool extends ObjectRef {
  readonly kind: 'IPAddressPool' | 'CiliumLoadBalancerIPPool';
  /** Tells one object that two API groups show from two of one name; absent in files. */
  readonly uid?: string;
  readonly createdAtMs: number;
  readonly labels: ReadonlyMap<string, string>;
  readonly ranges: readonly AddressRange[];
  /** Services that ask for nothing may be given its addresses. */
  readonly autoAssign: boolean;
  /** Services may ask for its addresses by themselves. */
  readonly allowExplicit: boolean;
  /** No IPv4 address whose last byte is 0 or 255. */
  readonly avoidBuggyIPs: boolean;
  /** Neither the first nor the last address of a CIDR, but of those with one or two addresses. */
  readonly avoidEnds: boolean;
  /** Undefined: every Service. */
  readonly serviceAllocation: ServiceAllocation | undefined;
}

/** Who announces which addresses on the segment: MetalLB's L2Advertisement, or CiliumL2AnnouncementPolicy read as one. */
export interface L2Advertisement extends ObjectRef {
  readonly kind: 'L2Advertisement' | 'CiliumL2AnnouncementPolicy';
  /** As that of a pool. */
  readonly uid?: string;
  /** Names and selectors of pools; when both are empty, all pools. */
  readonly pools: readonly string[];
  readonly poolSelectors: readonly LabelSelector[];
  /** None: all Services. */
  readonly serviceSelectors: readonly LabelSelector[];
  /** None: all nodes. */
  readonly nodeSelectors: readonly LabelSelector[];
  /**
   * By exact name, or as Cilium has it by regular expression. `on-link`: unless any is named, those whose on-link prefix
   * contains the address; `all`: every usable one.
   */
  readonly interfaces:
    | { readonly by: 'name'; readonly names: readonly string[] }
    | { readonly by: 'pattern'; readonly patterns: readonly string[] }
    | { readonly by: 'on-link' }
    | { readonly by: 'all' };
  /** Cilium: external IPs of Services, too. */
  readonly externalIPs: boolean;
  readonly loadBalancerIPs: boolean;
}
