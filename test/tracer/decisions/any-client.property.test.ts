/** Whatever becomes of service ports, clients with session affinity go where they went, but only as long as they may. */
import { isDeepStrictEqual } from 'node:util';
import type { Memory, Packet } from '@menwei/netfilter/trace/packet.ts';
import { describeWays } from '@menwei/netfilter/trace/trace.ts';
import { histories } from '@menwei/testing/services/arbitraries.ts';
import fc from 'fast-check';
import type { ServicePort } from 'menwei/state/service-port.ts';
import { describe, expect, it } from 'vitest';
import { MODES_AND_FAMILIES, memoryAfter, type Program } from '../modes.ts';
import { decide } from '../policy.ts';
import { aTestbed } from '../testbed.ts';
import { machines, options, packets, withPodsInPlace } from './arbitraries.ts';

/** Where a packet went, and what it was for. */
interface Visit {
  readonly end: string;
  readonly port: ServicePort | undefined;
  readonly isServed: boolean;
}

function withAffinity(port: ServicePort): ServicePort {
  return port.sessionAffinitySeconds > 0 ? port : { ...port, sessionAffinitySeconds: 600 };
}

/** No two ports of the small world share a number. A ping is for none, even where the node itself answers it. */
function portOf(ports: readonly ServicePort[], packet: Packet): ServicePort | undefined {
  const { protocol, destinationPort } = packet;
  return ports.find(
    (port) =>
      port.protocol === protocol && (port.port === destinationPort || port.nodePort === destinationPort),
  );
}

describe.each(MODES_AND_FAMILIES)('clients of changing service ports, %s, %s', (mode, family) => {
  const stories = histories(family, 3).chain((worlds) => {
    const history = worlds.map((world) => [...withPodsInPlace(world).ports.values()].map(withAffinity));
    return fc.record({
      node: fc.constantFrom(...worlds.slice(0, 1).map(({ node }) => node)),
      history: fc.constant(history),
      options: options(family),
      machine: machines(family),
      // Few, who come again and again.
      clients: fc.array(packets(family, history.flat()), { minLength: 8, maxLength: 8 }),
      luck: fc.infiniteStream(fc.nat()),
    });
  });

  it('meet one endpoint again and again', () => {
    fc.assert(
      fc.property(stories, ({ history, clients, luck, ...setting }) => {
        let memory: Memory = new Map();
        let last: Program | undefined;
        const visits = new Map<Packet, Visit>();
        for (const ports of history) {
          const program = { ...setting, ports };
          if (last !== undefined) memory = memoryAfter(mode, last, program, memory);
          last = program;
          const { addresses } = setting.machine;
          const { deliver } = aTestbed(mode, family, { ...program, addresses });
          for (const packet of clients) {
            const ways = deliver(packet, { memory });
            const ends = describeWays(ways).split(' ');
            const allowed = decide({ ...setting, mode }, ports, packet).split(' ');
            expect({ packet, strayed: ends.filter((end) => !allowed.includes(end)) }).toEqual({
              packet,
              strayed: [],
            });
            const port = portOf(ports, packet);
            const before = visits.get(packet);
            // iptables takes the first of two endpoints that a client met by different doors.
            const hasOneDoor = clients.every((other) => other === packet || other.source !== packet.source);
            const isSamePort = port !== undefined && isDeepStrictEqual(before?.port, port);
            if (hasOneDoor && before?.isServed && isSamePort) {
              expect(ends).toEqual([before.end]);
            }
            const way = ways[(luck.next().value ?? 0) % ways.length];
            if (way === undefined) throw new Error('BUG: nowhere to go');
            memory = way.memory;
            visits.set(packet, { port, end: describeWays([way]), isServed: way.endpoint !== undefined });
          }
        }
      }),
    );
  });
});
