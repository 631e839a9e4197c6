/** Any packet to any service port goes where the policies say, whatever else is programmed beside it. */

import type { Packet } from '@menwei/netfilter/trace/packet.ts';
import { describeWays, type Way } from '@menwei/netfilter/trace/trace.ts';
import { worlds } from '@menwei/testing/services/arbitraries.ts';
import fc from 'fast-check';
import type { ServicePort } from 'menwei/state/service-port.ts';
import { describe, expect, it } from 'vitest';
import { MODES_AND_FAMILIES, type Mode } from '../modes.ts';
import { decide } from '../policy.ts';
import { aTestbed } from '../testbed.ts';
import { machines, options, packets, withPodsInPlace } from './arbitraries.ts';

/** By weight where the mode has weights, within what whole slots can do; every endpoint alike elsewhere. */
function isFair(mode: Mode, ways: readonly Way[], port: ServicePort | undefined): boolean {
  const weights = ways.map(({ endpoint }) => {
    const found = port?.endpoints.find(({ text }) => text === endpoint);
    return mode === 'nftables' ? (found?.weight ?? 1) : 1;
  });
  // Slow start lends slots: see services/apportionment.test.ts.
  if (port?.endpoints.some(({ slowStartStep }) => slowStartStep !== undefined)) return true;
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  return ways.every(({ chance }, index) => Math.abs(chance - (weights[index] ?? 0) / whole) < 0.02);
}

/** No two ports of the small world share a number. */
function portOf(
  ports: readonly ServicePort[],
  { protocol, destinationPort }: Packet,
): ServicePort | undefined {
  return ports.find(
    (port) => port.protocol === protocol && [port.port, port.nodePort].includes(destinationPort),
  );
}

/** Numbers that rules keep there for a time. */
function hasPriority(ways: readonly Way[]): boolean {
  return ways.some(({ end, priority }) => end === 'sent' && priority !== 0);
}

describe.each(MODES_AND_FAMILIES)('service ports, %s, %s', (mode, family) => {
  const scenes = worlds(family)
    .map(withPodsInPlace)
    .chain(({ node, ports }) =>
      fc.record({
        node: fc.constant(node),
        ports: fc.constant([...ports.values()]),
        options: options(family),
        machine: machines(family),
        sent: fc.array(packets(family, [...ports.values()]), { minLength: 15, maxLength: 30 }),
      }),
    );

  it('get exactly the traffic that their policies grant them, by their weights, with no priority', () => {
    fc.assert(
      fc.property(scenes, ({ ports, sent, ...setting }) => {
        const { addresses } = setting.machine;
        const { deliver } = aTestbed(mode, family, { ...setting, ports, addresses });
        const mistakes = sent.flatMap((packet) => {
          const ways = deliver(packet);
          const end = describeWays(ways);
          const expected = decide({ ...setting, mode }, ports, packet);
          return end === expected && isFair(mode, ways, portOf(ports, packet)) && !hasPriority(ways)
            ? []
            : [{ packet, end, expected, isFair: isFair(mode, ways, portOf(ports, packet)) }];
        });
        expect(mistakes).toEqual([]);
      }),
    );
  });
});
