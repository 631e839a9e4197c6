import { podFacts, serviceFacts } from '@menwei/testing/cluster/planned-slices.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countAddresses, type EndpointSubset, repackSubsets, subsetsText } from './endpoint-subsets.ts';
import { planEndpoints } from './endpoints-plan.ts';

const address = fc.nat({ max: 5 }).map((index) => ({ ip: `10.0.0.${index}` }));
const port = fc.constantFrom(
  { name: 'a', port: 80, protocol: 'TCP' },
  { name: 'b', port: 81, protocol: 'UDP' },
);
const subsetsWith = (ports: fc.Arbitrary<NonNullable<EndpointSubset['ports']>>) =>
  fc.array(
    fc.record({
      addresses: fc.array(address, { minLength: 1, maxLength: 4 }),
      notReadyAddresses: fc.array(address, { maxLength: 2 }),
      ports,
    }),
    { maxLength: 4 },
  );

/** All with ports, or none: the same addresses with a port and without have the port. */
const someSubsets: fc.Arbitrary<readonly EndpointSubset[]> = fc.oneof(
  subsetsWith(fc.array(port, { minLength: 1, maxLength: 2 })),
  subsetsWith(fc.constant([])),
);

/** `ip port ready` of each; not ready in one place is not ready. */
function meaning(subsets: readonly EndpointSubset[]): readonly string[] {
  const ready = new Map<string, boolean>();
  for (const { addresses, notReadyAddresses, ports } of subsets) {
    const names =
      ports === undefined || ports === null || ports.length === 0 ? ['none'] : ports.map(({ name }) => name);
    for (const name of names) {
      for (const { ip } of addresses ?? []) ready.set(`${ip} ${name}`, ready.get(`${ip} ${name}`) ?? true);
      for (const { ip } of notReadyAddresses ?? []) ready.set(`${ip} ${name}`, false);
    }
  }
  return Array.from(ready, ([key, isReady]) => `${key} ${isReady}`).sort();
}

describe('repacked subsets', () => {
  it('mean the same, each address and port once, in one form whatever the order', () => {
    fc.assert(
      fc.property(someSubsets, (subsets) => {
        const packed = repackSubsets(subsets);
        expect(meaning(packed)).toEqual(meaning(subsets));
        const places = packed.reduce(
          (sum, { ports, ...rest }) => sum + Math.max(ports?.length ?? 0, 1) * countAddresses([rest]),
          0,
        );
        expect(places).toBe(meaning(subsets).length);
        expect(subsetsText(repackSubsets(packed))).toBe(subsetsText(packed));
        expect(subsetsText(repackSubsets(subsets.toReversed()))).toBe(subsetsText(packed));
      }),
    );
  });
});

describe('Endpoints of more than a thousand pods', () => {
  const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';
  const pods = Array.from({ length: 1200 }, (_, index) => podFacts(index, { isReady: index >= 300 }));

  it('have a thousand addresses, ready ones first, and say so', () => {
    const endpoints = planEndpoints(serviceFacts(), pods, undefined, undefined);
    const [subset] = endpoints?.subsets ?? [];
    expect([subset?.addresses?.length, subset?.notReadyAddresses?.length]).toEqual([900, 100]);
    expect(endpoints?.metadata.annotations).toEqual({ [OVER_CAPACITY]: 'truncated' });
    expect(planEndpoints(serviceFacts(), pods, endpoints, undefined)).toBeUndefined();
    const fewer = planEndpoints(serviceFacts(), pods.slice(0, 1000), endpoints, undefined);
    expect(fewer?.metadata.annotations).toEqual({});
  });
});
