/**
 * What the modes with rules for every address do for the load-balancer addresses that the node answers for (load-balancer
 * § 7.2): rules of ours in kube-proxy's chains, behind all of its own, and none where there is no such address. An address
 * that an interface of the node has is left to whoever put it there.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import { Tally } from './tally.ts';

/** Those of all addresses, in the order of the addresses. */
export interface LoadBalancerRules {
  /** For nat, of packets that come in and of the node's own. */
  readonly pings: readonly Rule[];
  /** For the filter table: what was not translated has met no Service. Of packets that pass through. */
  readonly refusals: readonly Rule[];
  /** Of the node's own. */
  readonly ownRefusals: readonly Rule[];
}

export const NO_LOAD_BALANCER_RULES: LoadBalancerRules = { pings: [], refusals: [], ownRefusals: [] };
const ELSEWHERE = { destinationType: '! LOCAL' } as const;

/** Which addresses there are, and their rules, change by change. */
export class AnsweredIPs {
  readonly #family: IpFamily;
  readonly #ips = new Tally();
  #ownIP: string | undefined;
  /** Undefined: they have to be made again. */
  #rules: LoadBalancerRules | undefined = NO_LOAD_BALANCER_RULES;

  constructor(family: IpFamily) {
    this.#family = family;
  }

  /** What a service port had, and has now. */
  replace(before: readonly string[], after: readonly string[]): void {
    if (before === after) return;
    for (const ip of after) this.#ips.take(ip);
    for (const ip of before) this.#ips.release(ip);
    this.#rules = undefined;
  }

  /** @param ownIP see NodeView */
  rules(ownIP: string | undefined): LoadBalancerRules {
    if (this.#rules !== undefined && this.#ownIP === ownIP) return this.#rules;
    const ips = [...this.#ips.all()].sort();
    const refusals = ips.flatMap(refusalsOf);
    this.#ownIP = ownIP;
    this.#rules = {
      pings: ownIP === undefined ? [] : ips.map((ip) => pingRule(this.#family, ip, ownIP)),
      refusals,
      ownRefusals: refusals.map((rule) => ({ ...rule, sourceType: 'LOCAL' })),
    };
    return this.#rules;
  }
}

function pingRule(family: IpFamily, ip: string, ownIP: string): Rule {
  return {
    comment: 'menwei: ping of a load-balancer address',
    ...ELSEWHERE,
    ...echoRequest(family),
    destination: ip,
    target: `DNAT --to-destination ${ownIP}`,
  };
}

export function echoRequest(family: IpFamily): Pick<Rule, 'protocol' | 'icmpType'> {
  return family === 'IPv4' ? { protocol: 'icmp', icmpType: 8 } : { protocol: 'ipv6-icmp', icmpType: 128 };
}

/** An endpoint of a Service may have the address of another one's load balancer: translated packets pass. */
function refusalsOf(ip: string): readonly Rule[] {
  const match: Rule = {
    comment: 'menwei: no such port of a load-balancer address',
    ...ELSEWHERE,
    destination: ip,
    connectionState: '! DNAT',
  };
  return [
    { ...match, protocol: 'tcp', target: 'REJECT --reject-with tcp-reset' },
    { ...match, target: 'REJECT' },
  ];
}
