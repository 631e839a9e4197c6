/** The chains of the ipvs mode and how packets get there (spec § 6.4). */
import { type Jump, jump, type Layout } from '../xtables/layout.ts';
import {
  FILTER_FORWARD,
  FILTER_IPVS,
  FILTER_IPVS_OUT,
  FILTER_NODE_PORT,
  FILTER_PROXY_FIREWALL,
  FILTER_SOURCE_RANGES,
  NAT_LOAD_BALANCER,
  NAT_MARK_MASQ,
  NAT_NODE_PORT,
  NAT_POSTROUTING,
  NAT_SERVICES,
} from './names.ts';

/**
 * In the order in which they are put in front of what is there. So the access filter comes first in INPUT, before
 * anything of ours accepts; IPVS takes the packet behind it (priority 98 of LOCAL_IN), and on the way out of this machine
 * between nat and filter (-99 of LOCAL_OUT).
 */
export const JUMPS: readonly Jump[] = [
  jump('nat OUTPUT', NAT_SERVICES, 'kubernetes service portals'),
  jump('nat PREROUTING', NAT_SERVICES, 'kubernetes service portals'),
  jump('nat POSTROUTING', NAT_POSTROUTING, 'kubernetes postrouting rules'),
  jump('filter FORWARD', FILTER_FORWARD, 'kubernetes forwarding rules'),
  jump('filter INPUT', FILTER_NODE_PORT, 'kubernetes health check rules'),
  jump('filter INPUT', FILTER_PROXY_FIREWALL, 'kube-proxy firewall rules'),
  jump('filter FORWARD', FILTER_PROXY_FIREWALL, 'kube-proxy firewall rules'),
  jump('filter INPUT', FILTER_IPVS, 'kubernetes ipvs access filter'),
  jump('filter OUTPUT', FILTER_IPVS_OUT, 'kubernetes ipvs access filter'),
];

export const LAYOUT: Layout = {
  jumps: JUMPS,
  fixedChains: new Set([
    NAT_SERVICES,
    NAT_POSTROUTING,
    NAT_NODE_PORT,
    NAT_LOAD_BALANCER,
    NAT_MARK_MASQ,
    FILTER_FORWARD,
    FILTER_NODE_PORT,
    FILTER_PROXY_FIREWALL,
    FILTER_SOURCE_RANGES,
    FILTER_IPVS,
    FILTER_IPVS_OUT,
  ]),
  isOwnChain: () => false,
};
