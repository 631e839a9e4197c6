/** The rules that exist without any Service: jumps from the built-in chains and our fixed chains (spec §§ 4.5, 4.7). */
import { isLoopback, LOOPBACK } from '@menwei/addresses/ip.ts';
import type { ChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import type { NodeView } from '../../services/node-view.ts';
import {
  FILTER_EXTERNAL_SERVICES,
  FILTER_NODE_PORTS,
  FILTER_PROXY_FIREWALL,
  FILTER_SERVICES,
  FIREWALL_JUMPS,
  SERVICE_JUMPS,
} from '../xtables/filter-chains.ts';
import { type Jump, jump, jumpRules, type Layout } from '../xtables/layout.ts';
import { type LoadBalancerRules, NO_LOAD_BALANCER_RULES } from '../xtables/load-balancer-rules.ts';
import { forwardRules, markRule, masqueradeRules } from '../xtables/masquerade.ts';
import type { BaseChain, BaseChains } from '../xtables/shared-chains.ts';
import {
  FILTER_FIREWALL,
  FILTER_FORWARD,
  FIXED_CHAINS,
  isPerServiceChain,
  NAT_MARK_MASQ,
  NAT_NODE_PORTS,
  NAT_POSTROUTING,
  NAT_SERVICES,
} from './names.ts';
import { INVALID_DROPPED_ACCOUNTING, type IptablesOptions } from './options.ts';

/**
 * In the order in which they are put in front of what is there, so that the last one of a chain comes to stand first.
 */
export const JUMPS: readonly Jump[] = [
  ...SERVICE_JUMPS,
  jump('filter FORWARD', FILTER_FORWARD, 'kubernetes forwarding rules'),
  ...FIREWALL_JUMPS,
  jump('nat OUTPUT', NAT_SERVICES, 'kubernetes service portals'),
  jump('nat PREROUTING', NAT_SERVICES, 'kubernetes service portals'),
  jump('nat POSTROUTING', NAT_POSTROUTING, 'kubernetes postrouting rules'),
  jump('filter INPUT', FILTER_FIREWALL),
  jump('filter OUTPUT', FILTER_FIREWALL),
];

export const LAYOUT: Layout = {
  jumps: JUMPS,
  fixedChains: new Set([...FIXED_CHAINS, FILTER_FIREWALL]),
  keptChains: new Set([FILTER_FIREWALL]),
  isOwnChain: isPerServiceChain,
};

export function compileBase(
  node: NodeView,
  options: IptablesOptions,
  { pings, refusals, ownRefusals }: LoadBalancerRules = NO_LOAD_BALANCER_RULES,
): BaseChains {
  const base = new Map<ChainId, BaseChain>();
  const add = (id: ChainId, head: readonly Rule[] = [], tail: readonly Rule[] = []) =>
    base.set(id, { head, tail });

  // OUTPUT leads to the first alone. FORWARD leads to both, and the second is the last of ours that it leads to.
  add(FILTER_SERVICES, [], ownRefusals);
  add(FILTER_EXTERNAL_SERVICES, [], refusals);
  add(FILTER_FORWARD, [...invalidRules(options), ...forwardRules(options.masqueradeMark)]);
  add(FILTER_NODE_PORTS);
  add(FILTER_PROXY_FIREWALL);
  if (options.localhostNodePorts) add(FILTER_FIREWALL, [localnetGuard()]);
  else base.set(FILTER_FIREWALL, { head: 'any', tail: [] });
  add(NAT_SERVICES, [], [...pings, ...nodePortJumps(node, options)]);
  add(NAT_NODE_PORTS);
  add(NAT_POSTROUTING, masqueradeRules(options.masqueradeMark));
  add(NAT_MARK_MASQ, [markRule(options.masqueradeMark)]);
  for (const [from, head] of jumpRules(JUMPS)) base.set(from, { head, tail: [] });
  return base;
}

/**
 * A packet that conntrack can't place would leave without its address being translated back, and the client would answer
 * with a reset.
 */
function invalidRules({ conntrackLiberal, accounting }: IptablesOptions): readonly Rule[] {
  if (conntrackLiberal) return [];
  const counted = accounting.includes(INVALID_DROPPED_ACCOUNTING);
  return [
    {
      connectionState: 'INVALID',
      ...(counted ? { accounting: INVALID_DROPPED_ACCOUNTING } : {}),
      target: 'DROP',
    },
  ];
}

/** route_localnet lets 127.0.0.1 be reached from outside; this takes that back (CVE-2020-8558). */
function localnetGuard(): Rule {
  return {
    comment: 'block incoming localnet connections',
    destination: LOOPBACK.IPv4,
    source: `! ${LOOPBACK.IPv4}`,
    connectionState: '! RELATED,ESTABLISHED,DNAT',
    target: 'DROP',
  };
}

function nodePortJumps(node: NodeView, options: IptablesOptions): Rule[] {
  const rule: Rule = {
    comment: 'kubernetes service nodeports; NOTE: this must be the last rule in this chain',
    target: 'KUBE-NODEPORTS',
  };
  if (node.nodePortAddresses !== 'all') {
    return node.nodePortAddresses
      .filter((ip) => options.localhostNodePorts || !isLoopback(ip))
      .map((ip) => ({ ...rule, destination: ip }));
  }
  if (options.localhostNodePorts) return [{ ...rule, destinationType: 'LOCAL' }];
  return [{ ...rule, destinationType: 'LOCAL', destination: `! ${LOOPBACK[options.family]}` }];
}
