/** The chains of one service port: policies, source ranges, and one chain an endpoint (spec § 4.9). */

import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import { sourceRangesAllowNode } from '../../services/situation.ts';
import { type Endpoint, isExternallyAccessible } from '../../state/service-port.ts';
import { podSource } from '../xtables/pod-source.ts';
import { endpointChain, MARK_MASQ } from './names.ts';
import type { Situation } from './situation.ts';
import type { OwnChain } from './unit.ts';

/** An endpoint and the chain that leads to it. */
interface Target {
  readonly endpoint: Endpoint;
  readonly chain: string;
}

export function ownChains(situation: Situation): OwnChain[] {
  const { port, chains, protocol } = situation;
  const { clusterEndpoints, localEndpoints, allReachable } = situation.endpoints;
  const targets = allReachable.map((endpoint) => ({
    endpoint,
    chain: endpointChain(port.displayName, protocol, endpoint.text),
  }));
  const own: OwnChain[] = [];
  if (situation.hasEndpoints && isExternallyAccessible(port)) {
    own.push({ chain: chains.external, rules: externalChain(situation) });
  }
  if (situation.usesFirewall) own.push({ chain: chains.firewall, rules: firewallChain(situation) });
  for (const [chain, endpoints] of [
    [chains.cluster, clusterEndpoints],
    [chains.local, localEndpoints],
  ] as const) {
    if (endpoints.length > 0) own.push(policyChain(situation, chain, targetsOf(endpoints, targets)));
  }
  for (const target of targets) own.push(endpointRules(situation, target));
  return own;
}

/** Both lists are in the order of the service port's endpoints. */
function targetsOf(endpoints: readonly Endpoint[], all: readonly Target[]): readonly Target[] {
  if (endpoints.length === all.length) return all;
  const wanted = new Set(endpoints);
  return all.filter(({ endpoint }) => wanted.has(endpoint));
}

/** Traffic to external addresses: settle whether it must be masqueraded, then apply the external policy. */
function externalChain(situation: Situation): Rule[] {
  const { port, chains, node } = situation;
  const destinations = `${port.displayName} external destinations`;
  const rules: Rule[] = [];
  if (!port.externalPolicyLocal) {
    rules.push({ comment: `masquerade traffic for ${destinations}`, target: MARK_MASQ });
  } else {
    // The short circuit: pods of this node and the node itself reach all endpoints, whatever the policy.
    const fromPod = podSource(node.detectLocal);
    if (fromPod !== undefined) {
      rules.push({ comment: `pod traffic for ${destinations}`, ...fromPod, target: chains.cluster });
    }
    rules.push(
      { comment: `masquerade LOCAL traffic for ${destinations}`, sourceType: 'LOCAL', target: MARK_MASQ },
      { comment: `route LOCAL traffic for ${destinations}`, sourceType: 'LOCAL', target: chains.cluster },
    );
  }
  if (situation.hasExternalEndpoints) rules.push({ target: situation.externalPolicyChain });
  return rules;
}

/** Load-balancer source ranges. What matches none of them returns, and is dropped in the filter table. */
function firewallChain({ port, node, chains }: Situation): Rule[] {
  const comment = `${port.displayName} loadbalancer IP`;
  const ranges = port.loadBalancerSourceRanges ?? [];
  const rules: Rule[] = ranges.map((range) => ({ comment, source: range, target: chains.external }));
  if (sourceRangesAllowNode(port, node)) {
    for (const vip of port.loadBalancerVIPs) rules.push({ comment, source: vip, target: chains.external });
  }
  rules.push({ comment: `other traffic to ${port.displayName} will be dropped by KUBE-PROXY-FIREWALL` });
  return rules;
}

/** A KUBE-SVC or KUBE-SVL chain: equal chances for all its endpoints, a remembered one first. */
function policyChain(situation: Situation, chain: string, targets: readonly Target[]): OwnChain {
  const { port, node } = situation;
  const rules: Rule[] = [];
  if (situation.hasInternalEndpoints && chain === situation.internalChain) {
    rules.push(...internalMasquerade(situation));
  }
  const commentOf = ({ endpoint }: Target) =>
    node.largeCluster ? undefined : `${port.displayName} -> ${endpoint.text}`;
  if (port.sessionAffinitySeconds > 0) {
    for (const target of targets) {
      const recent = { name: target.chain, seconds: port.sessionAffinitySeconds };
      rules.push({ comment: commentOf(target), recent, target: target.chain });
    }
  }
  targets.forEach((target, index) => {
    const remaining = targets.length - index;
    const oneOf = remaining === 1 ? undefined : remaining;
    rules.push({ comment: commentOf(target), oneOf, target: target.chain });
  });
  return { chain, rules };
}

/** Off-cluster traffic to the ClusterIP is masqueraded, so that the reply comes back this way. */
function internalMasquerade({ port, protocol, node, options }: Situation): Rule[] {
  if (port.clusterIP === undefined) return [];
  const rule: Rule = {
    comment: `${port.displayName} cluster IP`,
    protocol,
    destination: port.clusterIP,
    destinationPort: port.port,
    target: MARK_MASQ,
  };
  if (options.masqueradeAll) return [rule];
  const elsewhere = podSource(node.detectLocal, '! ');
  return elsewhere === undefined ? [] : [{ ...rule, ...elsewhere }];
}

/** A KUBE-SEP chain: an endpoint that reaches itself must be masqueraded; then the DNAT. */
function endpointRules({ port, protocol, node }: Situation, { endpoint, chain }: Target): OwnChain {
  const comment = node.largeCluster ? undefined : port.displayName;
  const recent = port.sessionAffinitySeconds > 0 ? { name: chain } : undefined;
  const rules: readonly Rule[] = [
    { comment, source: endpoint.ip, target: MARK_MASQ },
    { comment, recent, protocol, target: `DNAT --to-destination ${endpoint.text}` },
  ];
  return { chain, rules };
}
