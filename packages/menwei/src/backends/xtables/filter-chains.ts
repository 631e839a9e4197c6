/** The filter chains that the modes with rules for every address have in common (spec §§ 4.5, 4.8), and how packets get there. */
import { type ChainId, chainId } from '@menwei/netfilter/iptables/chain-id.ts';
import { type Jump, jump } from './layout.ts';

export const FILTER_SERVICES = chainId('filter', 'KUBE-SERVICES');
export const FILTER_EXTERNAL_SERVICES = chainId('filter', 'KUBE-EXTERNAL-SERVICES');
export const FILTER_NODE_PORTS = chainId('filter', 'KUBE-NODEPORTS');
export const FILTER_PROXY_FIREWALL = chainId('filter', 'KUBE-PROXY-FIREWALL');

export const FILTER_CHAINS: readonly ChainId[] = [
  FILTER_SERVICES,
  FILTER_EXTERNAL_SERVICES,
  FILTER_NODE_PORTS,
  FILTER_PROXY_FIREWALL,
];

/** To what refuses and what opens. Come before {@link FIREWALL_JUMPS}, and so end up behind them. */
export const SERVICE_JUMPS: readonly Jump[] = [
  jump('filter INPUT', FILTER_EXTERNAL_SERVICES, 'kubernetes externally-visible service portals', 'NEW'),
  jump('filter FORWARD', FILTER_EXTERNAL_SERVICES, 'kubernetes externally-visible service portals', 'NEW'),
  jump('filter INPUT', FILTER_NODE_PORTS, 'kubernetes health check service ports'),
  jump('filter FORWARD', FILTER_SERVICES, 'kubernetes service portals', 'NEW'),
  jump('filter OUTPUT', FILTER_SERVICES, 'kubernetes service portals', 'NEW'),
];

export const FIREWALL_JUMPS: readonly Jump[] = [
  jump('filter INPUT', FILTER_PROXY_FIREWALL, 'kubernetes load balancer firewall', 'NEW'),
  jump('filter OUTPUT', FILTER_PROXY_FIREWALL, 'kubernetes load balancer firewall', 'NEW'),
  jump('filter FORWARD', FILTER_PROXY_FIREWALL, 'kubernetes load balancer firewall', 'NEW'),
];
