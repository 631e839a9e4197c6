import { nodeFacts, PlannedSlices, podFacts, serviceFacts } from '@menwei/testing/cluster/planned-slices.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portsKey, portsOfPod } from './endpoint-ports.ts';
import type { PodFacts } from './pod-facts.ts';
import type { ServiceFacts } from './service-facts.ts';
import { endpointText } from './slice-packing.ts';

const CAPACITY = 4;
const NODES = new Map([nodeFacts('n1', 'z1'), nodeFacts('n2', 'z2')].map((node) => [node.name, node]));

/** Pods by their number, each in one of some states; absent ones are gone. */
const pods = fc
  .uniqueArray(
    fc.record({
      index: fc.nat({ max: 20 }),
      isReady: fc.boolean(),
      isTerminating: fc.boolean(),
      isFinished: fc.boolean(),
      nodeName: fc.constantFrom('n1', 'n2', 'n1', 'n2', 'unknown', ''),
      ips: fc.constantFrom<readonly string[] | undefined>(undefined, undefined, undefined, []),
      web: fc.constantFrom(80, 80, 81, undefined),
    }),
    { selector: ({ index }) => index },
  )
  .map((all) =>
    all.map(({ index, ips, web, ...state }) => {
      const ports = web === undefined ? [] : [{ name: 'web', protocol: 'TCP', number: web }];
      return podFacts(index, { ...state, ports, ...(ips === undefined ? {} : { ips }) });
    }),
  );

const service = fc
  .record({
    publishesNotReady: fc.boolean(),
    trafficDistribution: fc.constantFrom(undefined, 'PreferSameZone', 'PreferSameNode'),
    isTopologyAware: fc.boolean(),
    labels: fc.constantFrom({}, { team: 'a' }, { team: 'b' }),
    target: fc.constantFrom<number | string>(8080, 'web'),
  })
  .map(({ target, ...facts }) =>
    serviceFacts({ ...facts, ports: [{ name: 'http', protocol: 'TCP', appProtocol: undefined, target }] }),
  );

/** What a cluster goes through. */
const steps = fc.array(fc.tuple(service, pods), { minLength: 1, maxLength: 6 });

/** Which pods should be endpoints, written down anew. */
function selected(service: ServiceFacts, pods: readonly PodFacts[]): readonly string[] {
  return pods
    .filter(({ isFinished, ips }) => !isFinished && ips.length > 0)
    .filter(({ nodeName }) => service.publishesNotReady || nodeName !== 'unknown')
    .map((pod) => `${pod.ips[0]} ${portsKey(portsOfPod(service, pod))}`)
    .sort();
}

describe('the slices of a Service', () => {
  it('have each selected address once, with its ports, whatever was before', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const planned = new PlannedSlices();
        for (const [service, pods] of all) {
          planned.sync(service, pods, NODES, CAPACITY);
          const addresses = planned.slices.flatMap(({ ports, endpoints }) =>
            (endpoints ?? []).map(({ addresses }) => `${addresses?.[0]} ${portsKey(ports ?? [])}`),
          );
          expect(addresses.sort()).toEqual(selected(service, pods));
          expect(Math.max(...planned.counts)).toBeLessThanOrEqual(CAPACITY);
          expect(planned.slices.length).toBeGreaterThan(0);
          const empty = planned.counts.filter((count) => count === 0);
          expect(empty.length).toBe(addresses.length === 0 ? 1 : 0);
        }
      }),
    );
  });

  it('need no write when they are as they should be, whatever the order of pods', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const planned = new PlannedSlices();
        for (const [service, pods] of all) {
          planned.sync(service, pods, NODES, CAPACITY);
          expect(planned.sync(service, pods.toReversed(), NODES, CAPACITY)).toBe(0);
        }
      }),
    );
  });

  it('are the same bytes for the same pods in any order', () => {
    fc.assert(
      fc.property(service, pods, (service, pods) => {
        const [one, other] = [new PlannedSlices(), new PlannedSlices()];
        one.sync(service, pods, NODES, CAPACITY);
        other.sync(service, pods.toReversed(), NODES, CAPACITY);
        const bytes = ({ slices }: PlannedSlices) => slices.map((slice) => JSON.stringify(slice)).sort();
        expect(bytes(one).map(withoutName)).toEqual(bytes(other).map(withoutName));
      }),
    );
  });

  it('are written no more often than needed: those that are touched, and new ones for what is new', () => {
    fc.assert(
      fc.property(pods, pods, (before, after) => {
        const plain = serviceFacts();
        const planned = new PlannedSlices();
        planned.sync(plain, before, NODES, CAPACITY);
        const former = planned.slices;
        const writes = planned.sync(plain, after, NODES, CAPACITY);
        const texts = (all: typeof former) =>
          new Map(
            all
              .flatMap(({ endpoints }) => endpoints ?? [])
              .map((each) => [each.targetRef?.uid, endpointText(each)]),
          );
        const [old, now] = [texts(former), texts(planned.slices)];
        const touched = former.filter(
          ({ endpoints }) =>
            endpoints?.some((each) => now.get(each.targetRef?.uid) !== endpointText(each)) === true,
        );
        const added = [...now.keys()].filter((uid) => !old.has(uid));
        // What is left after the slices that are written anyway goes into one more, or into new ones.
        expect(writes).toBeLessThanOrEqual(touched.length + Math.ceil(added.length / CAPACITY) + 1);
      }),
    );
  });
});

describe('hints in proportion to CPUs', () => {
  it('give each zone its share, within what an endpoint may get too much', () => {
    const zones = fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(zones, fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 40 }), (cpus, places) => {
        const nodes = new Map(
          cpus.map((cpu, index) => [`n${index}`, nodeFacts(`n${index}`, `z${index}`, cpu * 1000)]),
        );
        const pods = places.map((place, index) => podFacts(index, { nodeName: `n${place % cpus.length}` }));
        const planned = new PlannedSlices();
        planned.sync(serviceFacts({ isTopologyAware: true }), pods, nodes);
        const hints = planned.slices
          .flatMap(({ endpoints }) => endpoints ?? [])
          .map(({ hints }) => hints?.forZones?.[0]?.name);
        if (hints.every((hint) => hint === undefined)) return;
        const total = cpus.reduce((sum, cpu) => sum + cpu, 0);
        for (const [index, cpu] of cpus.entries()) {
          const share = (cpu / total) * pods.length;
          const given = hints.filter((hint) => hint === `z${index}`).length;
          expect(given).toBeGreaterThanOrEqual(Math.floor(share / 1.2));
        }
      }),
    );
  });
});

function withoutName(text: string): string {
  return text.replace(/"name":"s-\d+",?/, '');
}
