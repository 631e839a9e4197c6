import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import { TrackedFamily } from '@menwei/testing/services/tracked-family.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BALANCING, type EndpointSlice, refKey, type Service } from '../kubernetes/objects.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import { MAX_SLOW_START_WEIGHT } from './balancing.ts';

// A small world, so that objects meet: few names, few addresses.
const namespace = fc.constantFrom('ns', 'ns', 'other');
const serviceName = fc.constantFrom('web', 'web', 'db');
const portName = fc.constantFrom('', '', 'http');
const protocol = fc.constantFrom('TCP', 'TCP', 'UDP');
const nodePort = fc.constantFrom(0, 0, 30080, 30081);
const externalIP = fc.constantFrom('203.0.113.1', '203.0.113.2', '2001:db8::1');

const services: fc.Arbitrary<Service> = fc
  .record({
    namespace,
    name: serviceName,
    createdAtMs: fc.constantFrom(0, 1, 2),
    type: fc.constantFrom('ClusterIP', 'ClusterIP', 'LoadBalancer', 'LoadBalancer', 'ExternalName'),
    foreignProxy: fc.constantFrom(false, false, false, true),
    clusterIPs: fc.constantFrom({ IPv4: '172.30.0.1' }, { IPv4: '172.30.0.2', IPv6: 'fd00:30::1' }, {}),
    ports: fc.array(fc.record({ name: portName, protocol, port: fc.constantFrom(80, 81), nodePort }), {
      maxLength: 3,
    }),
    externalIPs: fc.array(externalIP, { maxLength: 2 }),
    loadBalancerIngress: fc.array(fc.record({ ip: externalIP, ipMode: fc.constantFrom('VIP', 'Proxy') }), {
      maxLength: 1,
    }),
    externalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
    healthCheckNodePort: nodePort,
    balancing: fc.constantFrom(
      DEFAULT_BALANCING,
      { ...DEFAULT_BALANCING, forwarding: 'direct' as const },
      { ...DEFAULT_BALANCING, slowStartMs: 1000 },
    ),
    weights: fc.constantFrom(undefined, { named: new Map([['web-0', 3]]), others: 1000 }),
  })
  .map((fields) => aService(fields));

const slices: fc.Arbitrary<EndpointSlice> = fc
  .record({
    namespace,
    name: fc.constantFrom('one', 'two', 'three'),
    serviceName,
    addressType: fc.constantFrom('IPv4', 'IPv4', 'IPv4', 'IPv6'),
    ports: fc.array(fc.record({ name: portName, protocol, port: fc.constantFrom(80, 8080, 8081) }), {
      maxLength: 2,
    }),
    endpoints: fc.array(
      fc.record({
        ip: fc.constantFrom('10.0.0.1', '10.0.0.2'),
        ready: fc.boolean(),
        serving: fc.boolean(),
        terminating: fc.boolean(),
        nodeName: fc.constantFrom('', 'node-a', 'node-b'),
        zoneHints: fc.constantFrom(undefined, ['a'], ['a', 'b']),
        weight: fc.constantFrom(undefined, undefined, 0, 700),
      }),
      { maxLength: 3 },
    ),
    endpointNames: fc.constantFrom(undefined, new Map([['10.0.0.1', ['web-0']]])),
    lastChangeTriggerTimeMs: fc.constantFrom(0, 5),
  })
  .map((fields) => aSlice(fields));

type WorldObject = Service | EndpointSlice;
type Event = { readonly verb: 'upsert' | 'remove'; readonly object: WorldObject } | { readonly verb: 'take' };

const objects: fc.Arbitrary<WorldObject> = fc.oneof(services, slices);
const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: objects.map((object): Event => ({ verb: 'upsert', object })) },
    { weight: 2, arbitrary: objects.map((object): Event => ({ verb: 'remove', object })) },
    { weight: 2, arbitrary: fc.constant<Event>({ verb: 'take' }) },
  ),
  { maxLength: 30, size: 'max' },
);

function newTracker(): TrackedFamily {
  return new TrackedFamily({ family: 'IPv4', nodeName: 'node-a', startedAtMs: 0 });
}

/** Plays the events and checks on the way that the changes are real ones and add up to the state. */
function play(tracker: TrackedFamily, history: readonly Event[]): ReadonlyMap<string, WorldObject> {
  const world = new Map<string, WorldObject>();
  const folded = new Map<ServicePortKey, ServicePort>();
  let isPending = false;
  for (const event of [...history, { verb: 'take' } as const]) {
    if (event.verb === 'take') {
      const changed = takeInto(tracker, folded);
      if (changed) expect(isPending).toBe(true);
      isPending = false;
    } else if (event.verb === 'upsert') {
      world.set(refKey(event.object), event.object);
      if (tracker.put(event.object)) isPending = true;
    } else {
      world.delete(refKey(event.object));
      if (tracker.delete(event.object)) isPending = true;
    }
  }
  return world;
}

function takeInto(tracker: TrackedFamily, folded: Map<ServicePortKey, ServicePort>): boolean {
  const { ports } = tracker.takeChanges();
  for (const [key, port] of ports) {
    expect(port).not.toEqual(folded.get(key));
    if (port === undefined) folded.delete(key);
    else folded.set(key, port);
  }
  expect(tracker.ports.size).toBe(folded.size);
  for (const [key, port] of folded) expect(tracker.ports.get(key)).toBe(port);
  return ports.size > 0;
}

function stateOf(tracker: TrackedFamily) {
  return {
    ports: new Map(tracker.ports),
    endpointCount: tracker.endpointCount,
    serviceHealth: new Map(tracker.serviceHealth),
  };
}

describe('after any history', () => {
  it('no port asks for what its endpoints could not take part in', () => {
    fc.assert(
      fc.property(events, (history) => {
        const tracker = newTracker();
        play(tracker, history);
        for (const { balancing, port, endpoints } of tracker.ports.values()) {
          const ports = balancing.forwarding === 'direct' ? endpoints.map((endpoint) => endpoint.port) : [];
          expect(ports.every((number) => number === port)).toBe(true);
          const weights = balancing.slowStartMs > 0 ? endpoints.map(({ weight }) => weight) : [];
          expect(Math.max(0, ...weights)).toBeLessThanOrEqual(MAX_SLOW_START_WEIGHT);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('the state is that of a fresh list of the final objects, in any order', () => {
    const shuffledWorld = fc.tuple(events, fc.array(fc.nat(), { minLength: 30, maxLength: 30 }));
    fc.assert(
      fc.property(shuffledWorld, ([history, ranks]) => {
        const tracker = newTracker();
        const world = [...play(tracker, history).values()];
        const shuffled = world
          .map((object, index) => ({ object, rank: ranks[index] ?? 0 }))
          .sort((a, b) => a.rank - b.rank);
        const fresh = newTracker();
        for (const { object } of shuffled) fresh.put(object);
        fresh.takeChanges();
        expect(stateOf(tracker)).toEqual(stateOf(fresh));
      }),
      { numRuns: 500 },
    );
  });

  it('writing the final objects again changes nothing', () => {
    fc.assert(
      fc.property(events, (history) => {
        const tracker = newTracker();
        const world = play(tracker, history);
        for (const object of world.values()) expect(tracker.put(structuredClone(object))).toBe(false);
        expect(tracker.takeChanges()).toEqual({ ports: new Map(), triggerTimesMs: [], problems: [] });
      }),
      { numRuns: 200 },
    );
  });

  it('removing everything leaves nothing', () => {
    fc.assert(
      fc.property(events, (history) => {
        const tracker = newTracker();
        for (const object of play(tracker, history).values()) tracker.delete(object);
        tracker.takeChanges();
        expect(stateOf(tracker)).toEqual({ ports: new Map(), endpointCount: 0, serviceHealth: new Map() });
      }),
      { numRuns: 200 },
    );
  });

  it('no address has two owners', () => {
    fc.assert(
      fc.property(events, (history) => {
        const tracker = newTracker();
        play(tracker, history);
        const owners = new Map<string, ServicePortKey>();
        for (const port of tracker.ports.values()) {
          const ips = [port.clusterIP ?? [], port.externalIPs, port.loadBalancerVIPs].flat();
          const numbers = [
            ...ips.map((ip) => `${ip}:${port.port}`),
            ...(port.nodePort === 0 ? [] : [port.nodePort]),
          ];
          for (const address of numbers.map((each) => `${each}/${port.protocol}`)) {
            expect(owners.get(address) ?? port.key).toBe(port.key);
            owners.set(address, port.key);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
