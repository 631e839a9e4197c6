/** Who may reach what (spec § 6.4). INPUT comes before IPVS, so the destination is still the Service's. */
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import { echoRequest } from '../xtables/load-balancer-rules.ts';
import { forwardRules } from '../xtables/masquerade.ts';
import { asking, type BaseFacts, type ChainRules, ifFilled, inSet, notLocal } from './base-facts.ts';
import {
  FILTER_FORWARD,
  FILTER_IPVS,
  FILTER_IPVS_OUT,
  FILTER_NODE_PORT,
  FILTER_PROXY_FIREWALL,
  FILTER_SOURCE_RANGES,
} from './names.ts';

/** Chain KUBE-IPVS-OUT-FILTER is filled by the service ports. */
export function filterRules(facts: BaseFacts): ChainRules {
  return [
    [FILTER_PROXY_FIREWALL, firewallRules(facts)],
    [FILTER_SOURCE_RANGES, sourceRangeRules(facts)],
    [FILTER_IPVS_OUT, []],
    [FILTER_FORWARD, forwardRules(facts.options.masqueradeMark)],
    [FILTER_NODE_PORT, [{ ...asking(facts, 'KUBE-HEALTH-CHECK-NODE-PORT', 'dst'), target: 'ACCEPT' }]],
    [FILTER_IPVS, [...localPolicyRules(facts), ...accessRules(facts)]],
  ];
}

function firewallRules(facts: BaseFacts): readonly Rule[] {
  return ifFilled(facts, 'KUBE-LOAD-BALANCER-FW', {
    ...asking(facts, 'KUBE-LOAD-BALANCER-FW', 'dst,dst'),
    target: 'KUBE-SOURCE-RANGES-FIREWALL',
  });
}

function sourceRangeRules(facts: BaseFacts): Rule[] {
  const allow = (id: 'KUBE-LOAD-BALANCER-SOURCE-CIDR' | 'KUBE-LOAD-BALANCER-SOURCE-IP') =>
    ifFilled(facts, id, { ...asking(facts, id, 'dst,dst,src'), target: 'RETURN' });
  return [
    ...allow('KUBE-LOAD-BALANCER-SOURCE-CIDR'),
    ...allow('KUBE-LOAD-BALANCER-SOURCE-IP'),
    { target: 'DROP' },
  ];
}

/**
 * Drops what a Local policy keeps off a node without endpoints. Connections that are there already go on: their endpoint
 * may be draining. The node itself is not asked here for external addresses, since IPVS takes its packets in LOCAL_OUT.
 */
function localPolicyRules(facts: BaseFacts): Rule[] {
  const drop = { connectionState: 'NEW', target: 'DROP' } as const;
  return [
    ...ifFilled(facts, 'MENWEI-INTERNAL-NO-LOCAL', {
      ...asking(facts, 'MENWEI-INTERNAL-NO-LOCAL', 'dst,dst'),
      ...drop,
    }),
    ...ifFilled(facts, 'MENWEI-EXTERNAL-NO-LOCAL', {
      ...asking(facts, 'MENWEI-EXTERNAL-NO-LOCAL', 'dst,dst'),
      ...notLocal(facts),
      ...drop,
    }),
  ];
}

/** A load-balancer address answers pings, and resets TCP connections to a port that no Service has (load-balancer § 7.2). */
function loadBalancerRules(facts: BaseFacts): readonly Rule[] {
  const toAddress = asking(facts, 'MENWEI-LOAD-BALANCER-IPS', 'dst');
  return ifFilled(
    facts,
    'MENWEI-LOAD-BALANCER-IPS',
    { ...toAddress, ...echoRequest(facts.options.family), target: 'RETURN' },
    { ...toAddress, protocol: 'tcp', connectionState: 'NEW', target: 'REJECT --reject-with tcp-reset' },
  );
}

/** An address on our interface is one of this machine: only what is a Service may be reached there. */
function accessRules(facts: BaseFacts): Rule[] {
  const { options } = facts;
  const services = [
    'KUBE-LOAD-BALANCER',
    'KUBE-CLUSTER-IP',
    'KUBE-EXTERNAL-IP',
    'KUBE-EXTERNAL-IP-LOCAL',
  ] as const;
  return [
    ...services.map((id): Rule => ({ ...inSet(options, id, 'dst,dst'), target: 'RETURN' })),
    { ...inSet(options, 'KUBE-HEALTH-CHECK-NODE-PORT', 'dst'), target: 'RETURN' },
    ...loadBalancerRules(facts),
    { connectionState: 'NEW', ...inSet(options, 'KUBE-IPVS-IPS', 'dst'), target: 'REJECT' },
  ];
}
