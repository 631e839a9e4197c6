/** Any packet to any service port goes where the policies say, whatever else is programmed beside it. */

import { describeWays, type Way } from '@menwei/netfilter/trace/trace.ts';
import { worlds } from '@menwei/testing/services/arbitraries.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MODES_AND_FAMILIES } from '../modes.ts';
import { decide } from '../policy.ts';
import { aTestbed } from '../testbed.ts';
import { machines, options, packets, withPodsInPlace } from './arbitraries.ts';

function isEven(ways: readonly Way[]): boolean {
  return ways.every(({ chance }) => Math.abs(chance * ways.length - 1) < 1e-9);
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

  it('get exactly the traffic that their policies grant them, spread evenly, with no priority', () => {
    fc.assert(
      fc.property(scenes, ({ ports, sent, ...setting }) => {
        const { addresses } = setting.machine;
        const { deliver } = aTestbed(mode, family, { ...setting, ports, addresses });
        const mistakes = sent.flatMap((packet) => {
          const ways = deliver(packet);
          const end = describeWays(ways);
          const expected = decide({ ...setting, mode }, ports, packet);
          return end === expected && isEven(ways) && !hasPriority(ways)
            ? []
            : [{ packet, end, expected, isEven: isEven(ways) }];
        });
        expect(mistakes).toEqual([]);
      }),
    );
  });
});
