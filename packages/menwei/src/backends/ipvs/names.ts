/** What the ipvs mode calls its interface and its chains (spec §§ 6.4, 6.5). The names are API: tools grep for them. */
import { chainId } from '@menwei/netfilter/iptables/chain-id.ts';

/** The dummy interface that carries the addresses of Services. */
export const DEVICE = 'kube-ipvs0';

export const MARK_MASQ = 'KUBE-MARK-MASQ';

export const NAT_SERVICES = chainId('nat', 'KUBE-SERVICES');
export const NAT_POSTROUTING = chainId('nat', 'KUBE-POSTROUTING');
export const NAT_NODE_PORT = chainId('nat', 'KUBE-NODE-PORT');
export const NAT_LOAD_BALANCER = chainId('nat', 'KUBE-LOAD-BALANCER');
export const NAT_MARK_MASQ = chainId('nat', MARK_MASQ);
export const FILTER_FORWARD = chainId('filter', 'KUBE-FORWARD');
export const FILTER_NODE_PORT = chainId('filter', 'KUBE-NODE-PORT');
export const FILTER_PROXY_FIREWALL = chainId('filter', 'KUBE-PROXY-FIREWALL');
export const FILTER_SOURCE_RANGES = chainId('filter', 'KUBE-SOURCE-RANGES-FIREWALL');
export const FILTER_IPVS = chainId('filter', 'KUBE-IPVS-FILTER');
export const FILTER_IPVS_OUT = chainId('filter', 'KUBE-IPVS-OUT-FILTER');
