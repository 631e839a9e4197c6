/** The rules that exist without any Service: jumps from the built-in chains and our fixed chains (spec § 7.4). */
import { LOOPBACK } from '@menwei/addresses/ip.ts';
import { type ChainId, splitChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import {
  FILTER_CHAINS,
  FILTER_EXTERNAL_SERVICES,
  FILTER_SERVICES,
  FIREWALL_JUMPS,
  SERVICE_JUMPS,
} from '../xtables/filter-chains.ts';
import { type Jump, jump, jumpRules, type Layout } from '../xtables/layout.ts';
import type { LoadBalancerRules } from '../xtables/load-balancer-rules.ts';
import type { BaseChain, BaseChains } from '../xtables/shared-chains.ts';
import {
  NODE_PORT_CONTAINER,
  NODE_PORT_HOST,
  NODE_PORT_NON_LOCAL,
  PORTALS_CONTAINER,
  PORTALS_HOST,
} from './names.ts';
import type { UserspaceOptions } from './options.ts';

const PORTALS = 'handle ClusterIPs; NOTE: this must be before the NodePort rules';

/**
 * In the order in which they are put in front of what is there, so that the last one of a chain comes to stand first:
 * NodePorts behind the other ways in, as their comments ask for, and the firewall before what accepts.
 */
const JUMPS: readonly Jump[] = [
  ...SERVICE_JUMPS,
  jump('filter INPUT', NODE_PORT_NON_LOCAL, 'Ensure that non-local NodePort traffic can flow'),
  ...FIREWALL_JUMPS,
  nodePortJump('nat OUTPUT', NODE_PORT_HOST),
  nodePortJump('nat PREROUTING', NODE_PORT_CONTAINER),
  jump('nat OUTPUT', PORTALS_HOST, PORTALS),
  jump('nat PREROUTING', PORTALS_CONTAINER, PORTALS),
];

function nodePortJump(from: ChainId, to: ChainId): Jump {
  const rule: Rule = {
    comment: 'handle service NodePorts; NOTE: this must be the last rule in the chain',
    destinationType: 'LOCAL',
    target: splitChainId(to).chain,
  };
  return { from, to, rule };
}

export const LAYOUT: Layout = {
  jumps: JUMPS,
  fixedChains: new Set([
    ...FILTER_CHAINS,
    NODE_PORT_NON_LOCAL,
    PORTALS_CONTAINER,
    PORTALS_HOST,
    NODE_PORT_CONTAINER,
    NODE_PORT_HOST,
  ]),
  isOwnChain: () => false,
};

export function compileBase(
  { family, localhostNodePorts }: UserspaceOptions,
  { pings, refusals, ownRefusals }: LoadBalancerRules,
): BaseChains {
  const base = new Map<ChainId, BaseChain>();
  for (const id of LAYOUT.fixedChains) base.set(id, { head: [], tail: [] });
  for (const id of [PORTALS_CONTAINER, PORTALS_HOST]) base.set(id, { head: [], tail: pings });
  base.set(FILTER_SERVICES, { head: [], tail: ownRefusals });
  base.set(FILTER_EXTERNAL_SERVICES, { head: [], tail: refusals });
  if (!localhostNodePorts) {
    // Only the node itself reaches its localhost.
    const leaveAlone: Rule = { destination: LOOPBACK[family], target: 'RETURN' };
    base.set(NODE_PORT_HOST, { head: [leaveAlone], tail: [] });
  }
  for (const [from, head] of jumpRules(JUMPS)) base.set(from, { head, tail: [] });
  return base;
}
