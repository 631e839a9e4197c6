/** What compiling needs to know about the node the proxy runs on, for one IP family. Plain data. */
import type { IpFamily } from '@menwei/addresses/ip.ts';

/** How traffic of pods on this node is recognised (spec § 10.6). `none`: it can't be. */
export type LocalDetector =
  | { readonly by: 'cidr'; readonly cidr: string }
  | { readonly by: 'bridge'; readonly interface: string }
  | { readonly by: 'prefix'; readonly prefix: string }
  | { readonly by: 'none' };

export interface NodeView {
  readonly name: string;
  readonly family: IpFamily;
  /** Label `topology.kubernetes.io/zone`; empty when absent. */
  readonly zone: string;
  /** The node's own address of this family, when known. */
  readonly ip: string | undefined;
  /**
   * An address that an interface of the node really has: `ip`, or else the one that stands for the machine; undefined where
   * there is none, or nobody asks. Like serviceCIDRs, `compile` must not read it.
   */
  readonly ownIP: string | undefined;
  readonly detectLocal: LocalDetector;
  /** The range that the Node object gives to pods of this node, canonical; undefined when unknown. Pods may have other addresses. */
  readonly podCIDR: string | undefined;
  /** Addresses that accept NodePort traffic: all of the node's, or just these (sorted). */
  readonly nodePortAddresses: 'all' | readonly string[];
  /**
   * The addresses of this family on the node's interfaces, as far as the mode asks for them (see Mode in backends/modes.ts):
   * canonical, sorted, without loopback, link-local ones and those that the proxy has put there itself.
   */
  readonly localAddresses: readonly string[];
  /**
   * The ranges cluster IPs are taken from, as far as ServiceCIDR objects tell: canonical, sorted, and none lies in
   * another. They say nothing about a service port, so `compile` must not read them: when they change, nothing is
   * compiled again.
   */
  readonly serviceCIDRs: readonly string[];
  /**
   * All service ports together have more than 1000 endpoints (spec § 4.6): rules go without their comments, which
   * changes no packet's way. Crossing the line is therefore no reason to compile anything again.
   */
  readonly largeCluster: boolean;
}

/** More endpoints than this, in all service ports together, make a large cluster (spec § 4.6). */
const LARGE_CLUSTER_ENDPOINTS = 1000;

export function isLargeCluster(endpointCount: number): boolean {
  return endpointCount > LARGE_CLUSTER_ENDPOINTS;
}
