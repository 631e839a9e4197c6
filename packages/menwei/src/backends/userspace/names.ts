/** Chains of the userspace mode (spec § 7.4). CONTAINER is what comes in, from pods and others; HOST, what the node sends. */
import { chainId } from '@menwei/netfilter/iptables/chain-id.ts';

export const PORTALS_CONTAINER = chainId('nat', 'KUBE-PORTALS-CONTAINER');
export const PORTALS_HOST = chainId('nat', 'KUBE-PORTALS-HOST');
export const NODE_PORT_CONTAINER = chainId('nat', 'KUBE-NODEPORT-CONTAINER');
export const NODE_PORT_HOST = chainId('nat', 'KUBE-NODEPORT-HOST');
export const NODE_PORT_NON_LOCAL = chainId('filter', 'KUBE-NODEPORT-NON-LOCAL');
