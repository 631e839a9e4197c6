/**
 * What is masqueraded (spec § 6.4). IPVS changes the destination itself; these rules see a packet before that, in
 * PREROUTING or OUTPUT, and after it, in POSTROUTING.
 */
import { LOOPBACK } from '@menwei/addresses/ip.ts';
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import { markRule, masqueradeRules } from '../xtables/masquerade.ts';
import { asking, type BaseFacts, type ChainRules, ifFilled, inSet, notLocal } from './base-facts.ts';
import {
  MARK_MASQ,
  NAT_LOAD_BALANCER,
  NAT_MARK_MASQ,
  NAT_NODE_PORT,
  NAT_POSTROUTING,
  NAT_SERVICES,
} from './names.ts';
import { localNodePortSet, nodePortSet } from './sets.ts';

export function natRules(facts: BaseFacts): ChainRules {
  const mark = facts.options.masqueradeMark;
  return [
    [NAT_SERVICES, serviceRules(facts)],
    [NAT_POSTROUTING, [...hairpinRules(facts), ...masqueradeRules(mark)]],
    [NAT_NODE_PORT, nodePortRules(facts)],
    [NAT_LOAD_BALANCER, loadBalancerRules(facts)],
    [NAT_MARK_MASQ, [markRule(mark)]],
  ];
}

function serviceRules(facts: BaseFacts): Rule[] {
  const { options } = facts;
  return [
    { source: LOOPBACK[options.family], target: 'RETURN' },
    ...directRules(facts),
    // Goes on to the rules below, of which those for Local policies accept without a mark.
    ...ifFilled(facts, 'MENWEI-EXTERNAL-NO-LOCAL', {
      ...asking(facts, 'MENWEI-EXTERNAL-NO-LOCAL', 'dst,dst'),
      sourceType: 'LOCAL',
      target: MARK_MASQ,
    }),
    ...ifFilled(facts, 'KUBE-LOAD-BALANCER', {
      ...asking(facts, 'KUBE-LOAD-BALANCER', 'dst,dst'),
      target: 'KUBE-LOAD-BALANCER',
    }),
    ...ifFilled(facts, 'KUBE-CLUSTER-IP', clusterIPMasquerade(facts)),
    ...externalIPRules(facts),
    { destinationType: 'LOCAL', target: 'KUBE-NODE-PORT' },
    ...ifFilled(facts, 'KUBE-CLUSTER-IP', {
      ...inSet(options, 'KUBE-CLUSTER-IP', 'dst,dst'),
      target: 'ACCEPT',
    }),
    ...ifFilled(facts, 'KUBE-LOAD-BALANCER', {
      ...inSet(options, 'KUBE-LOAD-BALANCER', 'dst,dst'),
      target: 'ACCEPT',
    }),
  ];
}

/**
 * An endpoint that answers the client itself must see who that is, so the chain ends here, before any rule that marks,
 * whatever other sets name the frontend. Only this machine's own connections have the address of the Service for a
 * source, which is the endpoint's own too; with another one they get their answers (tunnelled packets can't be given
 * one: IPVS wraps them before POSTROUTING).
 */
function directRules(facts: BaseFacts): readonly Rule[] {
  const direct = asking(facts, 'MENWEI-DIRECT', 'dst,dst');
  return ifFilled(
    facts,
    'MENWEI-DIRECT',
    { ...direct, sourceType: 'LOCAL', target: MARK_MASQ },
    { ...direct, target: 'ACCEPT' },
  );
}

function clusterIPMasquerade(facts: BaseFacts): Rule {
  const elsewhere = facts.options.masqueradeAll ? {} : notLocal(facts);
  if (elsewhere !== undefined) {
    return { ...asking(facts, 'KUBE-CLUSTER-IP', 'dst,dst'), ...elsewhere, target: MARK_MASQ };
  }
  // A connection of this machine to an address of its own has that for a source too.
  return { ...asking(facts, 'KUBE-CLUSTER-IP', 'src,dst'), target: MARK_MASQ };
}

function externalIPRules(facts: BaseFacts): Rule[] {
  const toAny = asking(facts, 'KUBE-EXTERNAL-IP', 'dst,dst');
  const toLocal = asking(facts, 'KUBE-EXTERNAL-IP-LOCAL', 'dst,dst');
  const fromElsewhere = { physdevNotIn: true, sourceType: '! LOCAL', target: 'ACCEPT' } as const;
  const toThisNode = { destinationType: 'LOCAL', target: 'ACCEPT' } as const;
  return [
    ...ifFilled(
      facts,
      'KUBE-EXTERNAL-IP',
      { ...toAny, target: MARK_MASQ },
      { ...toAny, ...fromElsewhere },
      { ...toAny, ...toThisNode },
    ),
    ...ifFilled(
      facts,
      'KUBE-EXTERNAL-IP-LOCAL',
      { ...toLocal, ...fromElsewhere },
      { ...toLocal, ...toThisNode },
    ),
  ];
}

function loadBalancerRules(facts: BaseFacts): Rule[] {
  return [
    ...ifFilled(facts, 'KUBE-LOAD-BALANCER-LOCAL', {
      ...asking(facts, 'KUBE-LOAD-BALANCER-LOCAL', 'dst,dst'),
      target: 'RETURN',
    }),
    { target: MARK_MASQ },
  ];
}

function nodePortRules(facts: BaseFacts): Rule[] {
  return (['TCP', 'UDP', 'SCTP'] as const).flatMap((protocolName) => {
    const protocol = protocolName.toLowerCase();
    const directions = protocolName === 'SCTP' ? 'dst,dst' : 'dst';
    const [local, all] = [localNodePortSet(protocolName), nodePortSet(protocolName)];
    return [
      ...ifFilled(facts, local, { protocol, ...asking(facts, local, directions), target: 'RETURN' }),
      ...ifFilled(facts, all, { protocol, ...asking(facts, all, directions), target: MARK_MASQ }),
    ];
  });
}

function hairpinRules(facts: BaseFacts): readonly Rule[] {
  return ifFilled(facts, 'KUBE-LOOP-BACK', {
    ...asking(facts, 'KUBE-LOOP-BACK', 'dst,dst,src'),
    target: 'MASQUERADE',
  });
}
