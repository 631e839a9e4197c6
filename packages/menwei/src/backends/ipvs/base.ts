/**
 * The chains of the ipvs mode, how packets get there, and their rules, which are as many whatever the number of Services
 * (spec § 6.4). A rule that asks a set is left out while the set is empty where kube-proxy does so, and ours always.
 */
import { type Jump, jump, jumpRules, type Layout } from '../xtables/layout.ts';
import type { BaseChains } from '../xtables/shared-chains.ts';
import type { BaseFacts } from './base-facts.ts';
import { filterRules } from './filter-rules.ts';
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
import { natRules } from './nat-rules.ts';

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

/** The rules of every chain of ours, and the jumps from the built-in ones. */
export function compileBase(facts: BaseFacts): BaseChains {
  const rules = [...natRules(facts), ...filterRules(facts), ...jumpRules(JUMPS)];
  return new Map(rules.map(([id, head]) => [id, { head, tail: [] }]));
}
