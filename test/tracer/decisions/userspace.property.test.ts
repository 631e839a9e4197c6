/**
 * Any packet to any service port comes to a listener whose relay leads where the policies say: to the same endpoints as
 * in iptables mode. Nothing is masqueraded, since relays open connections of their own.
 */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { iptablesHooks } from '@menwei/netfilter/trace/iptables/hooks.ts';
import { destinationOf, isLocalAddress, type Machine, type Packet } from '@menwei/netfilter/trace/packet.ts';
import { trace, type Way } from '@menwei/netfilter/trace/trace.ts';
import { worlds } from '@menwei/testing/services/arbitraries.ts';
import fc from 'fast-check';
import { UserspaceRules } from 'menwei/backends/userspace/rules.ts';
import type { UserspaceState } from 'menwei/backends/userspace/state.ts';
import type { ServicePort } from 'menwei/state/service-port.ts';
import { describe, expect, it } from 'vitest';
import { stateOf } from '../modes.ts';
import { decide } from '../policy.ts';
import { machines, options, packets, withPodsInPlace } from './arbitraries.ts';

function scenesOf(family: IpFamily) {
  return worlds(family)
    .map(withPodsInPlace)
    .chain(({ node, ports }) => {
      const relayed = [...ports.values()].filter(({ protocol }) => protocol !== 'SCTP');
      return fc.record({
        node: fc.constant(node),
        ports: fc.constant(relayed),
        options: options(family),
        machine: machines(family),
        listenIP: fc.constantFrom(undefined, undefined, node.ip),
        sent: fc.array(packets(family, relayed), { minLength: 15, maxLength: 30 }),
      });
    });
}

/** Where the relays lead what comes to them, in the words of `describeWays`. */
function describeEnds(ways: readonly Way[], packet: Packet, machine: Machine, state: UserspaceState): string {
  const ends = ways.flatMap((way) => {
    if (way.end !== 'sent') return [way.end];
    if (way.endpoint === undefined) return ['untouched'];
    if (packet.protocol === 'ICMP') return [way.endpoint];
    const { ip, port } = destinationOf({ ...way, packet, machine });
    const listeners = [...state.relays.values()]
      .filter(({ protocol }) => protocol === packet.protocol)
      .flatMap((relay) => relay.listeners)
      .filter((listener) => listener.port === port && hears(listener.ip, ip, machine));
    return listeners.length === 1
      ? (listeners[0]?.endpoints ?? []).map(({ text }) => text)
      : [`${listeners.length} listeners`];
  });
  return [...new Set(ends)].sort().join(' ');
}

function hears(listening: string, ip: string, machine: Machine): boolean {
  return listening === ip || (/^(0\.0\.0\.0|::)$/.test(listening) && isLocalAddress(ip, machine));
}

/**
 * Iptables mode knows the node by its addresses, and by those of its load balancers; here the node is who sends. The two
 * only differ in packets that the kernel would not let in or out.
 */
function isDisguised(
  { source, inInterface }: Packet,
  ports: readonly ServicePort[],
  machine: Machine,
): boolean {
  const isOwn = isLocalAddress(source, machine);
  if (inInterface === undefined) return !isOwn;
  return isOwn || ports.some(({ loadBalancerVIPs }) => loadBalancerVIPs.includes(source));
}

describe.each(IP_FAMILIES)('service ports, userspace, %s', (family) => {
  it('get exactly the traffic that their policies grant them', () => {
    fc.assert(
      fc.property(scenesOf(family), ({ ports, sent, listenIP, ...setting }) => {
        const { node, machine } = setting;
        const { localhostNodePorts, answeredVIPs } = setting.options;
        const portRange = { first: 40_000, last: 40_099 };
        const rules = new UserspaceRules({ family, localhostNodePorts, answeredVIPs, portRange, listenIP });
        const state = stateOf(rules, { node, ports });
        const hooks = iptablesHooks(state.rules);
        const mistakes = sent.flatMap((packet) => {
          if (isDisguised(packet, ports, machine)) return [];
          const ways = trace(hooks, packet, machine);
          const end = describeEnds(ways, packet, machine, state);
          const expected = decide({ ...setting, mode: 'iptables' }, ports, packet).replaceAll('*', '');
          return end === expected ? [] : [{ packet, end, expected, steps: ways.flatMap((way) => way.steps) }];
        });
        expect(mistakes).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
