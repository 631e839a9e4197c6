/** Which kinds of objects a source fills the tables with. */
import type { WatchedObject } from '../kubernetes/objects.ts';

export type FollowedKinds = ReadonlySet<WatchedObject['kind']>;

/** What a proxy reads. */
export const PROXY_KINDS: FollowedKinds = new Set(['Service', 'EndpointSlice', 'Node', 'ServiceCIDR']);

/** What load balancing is set up with: pools and advertisements, all that `--lb-config` reads. */
export const CONFIGURATION_KINDS: FollowedKinds = new Set([
  'IPAddressPool',
  'L2Advertisement',
  'CiliumLoadBalancerIPPool',
  'CiliumL2AnnouncementPolicy',
]);

/** What a load-balancer controller and the announcing of addresses read; all that a proxy reads is among it. */
export const LOAD_BALANCER_KINDS: FollowedKinds = new Set([
  ...PROXY_KINDS,
  'Namespace',
  'Lease',
  ...CONFIGURATION_KINDS,
]);

const BGP_KINDS: ReadonlySet<string> = new Set(['BGPPeer', 'BGPAdvertisement', 'BFDProfile', 'Community']);

/** `metallb.io/v1beta2 BGPPeer`: what MetalLB speaks BGP by, and this program does not. */
export function isBgpKind(type: string): boolean {
  const [apiVersion = '', kind = ''] = type.split(' ');
  return /^(?:metallb\.io|menwei\.dev)\//.test(apiVersion) && BGP_KINDS.has(kind);
}
