/** Which objects a source fills the tables with: what a proxy, the controller of load balancers and an announcer look at. */
import type { WatchedObject } from '../kubernetes/objects.ts';

export interface Following {
  /**
   * - `proxied`: those that a proxy serves, so none of another proxy
   * - `balanced`: those that a load-balancer controller has to do with, of other proxies too, and no others
   * - `named`: all, with their Namespaces and the names of endpoints: for who answers for names. Tables are to be made with `names`
   */
  readonly services: 'proxied' | 'balanced' | 'named';
  readonly nodes: 'own' | 'all' | 'none';
  /** Without need, nobody has to be allowed to read them. */
  readonly serviceCIDRs: boolean;
  /** Undefined: nothing but what a proxy needs. */
  readonly loadBalancing:
    | {
        /** Where the Leases are that nodes announce by. */
        readonly leaseNamespace: string;
        /** By their labels pools choose Services; who announces need not know. */
        readonly namespaces: boolean;
      }
    | undefined;
}

/** `menwei run`, as long as it announces nothing. */
export const PROXY: Following = {
  services: 'proxied',
  nodes: 'own',
  serviceCIDRs: false,
  loadBalancing: undefined,
};

/** `menwei lb`: also of a proxy with a name of its own, all Nodes, the Leases of one namespace, pools and advertisements. */
export function controllerFollowing(leaseNamespace: string): Following {
  return {
    services: 'balanced',
    nodes: 'all',
    serviceCIDRs: false,
    loadBalancing: { leaseNamespace, namespaces: true },
  };
}

/** `menwei announce`, beside another proxy. */
export function announcerFollowing(leaseNamespace: string): Following {
  return { ...controllerFollowing(leaseNamespace), loadBalancing: { leaseNamespace, namespaces: false } };
}

/** `menwei run --announce`: what the proxy and the announcer in it look at. Tables are to be made with `endpointNodes`. */
export function announcingProxyFollowing(leaseNamespace: string): Following {
  return { ...PROXY, nodes: 'all', loadBalancing: { leaseNamespace, namespaces: false } };
}

/** `menwei dns`. */
export const NAMES: Following = {
  services: 'named',
  nodes: 'none',
  serviceCIDRs: false,
  loadBalancing: undefined,
};

export type FollowedKinds = ReadonlySet<WatchedObject['kind']>;

/** What a proxy reads. */
export const PROXY_KINDS: FollowedKinds = new Set(['Service', 'EndpointSlice', 'Node', 'ServiceCIDR']);

/** What is read of files by who answers for names. */
export const NAME_KINDS: FollowedKinds = new Set(['Service', 'EndpointSlice', 'Namespace']);

/** What load balancing is set up with: pools and advertisements, all that `--lb-config` reads. */
export const CONFIGURATION_KINDS: FollowedKinds = new Set([
  'IPAddressPool',
  'L2Advertisement',
  'CiliumLoadBalancerIPPool',
  'CiliumL2AnnouncementPolicy',
]);

/** What is read of files by who follows more than a proxy does. Leases are not: nobody could renew them there. */
export const LOAD_BALANCER_KINDS: FollowedKinds = new Set([
  ...PROXY_KINDS,
  'Namespace',
  ...CONFIGURATION_KINDS,
]);

const BGP_KINDS: ReadonlySet<string> = new Set(['BGPPeer', 'BGPAdvertisement', 'BFDProfile', 'Community']);

/** `metallb.io/v1beta2 BGPPeer`: what MetalLB speaks BGP by, and this program does not. */
export function isBgpKind(type: string): boolean {
  const [apiVersion = '', kind = ''] = type.split(' ');
  return /^(?:metallb\.io|menwei\.dev)\//.test(apiVersion) && BGP_KINDS.has(kind);
}
