/**
 * Random service ports and nodes, and how they change: what every mode's laws are tried on. A small world, so that
 * things meet; addresses never collide, as nothing right of the claims ever sees two owners. Only tests import this.
 */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import fc from 'fast-check';
import { type Balancing, DEFAULT_BALANCING, type Forwarding } from 'menwei/kubernetes/objects.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import type { Endpoint, PortHealth, ServicePort, ServicePortKey } from 'menwei/state/service-port.ts';
import { aHealthCheck, aNodeView, anEndpoint, aServicePort } from './testing.ts';

/** A node and all service ports there are. */
export interface World {
  readonly node: NodeView;
  readonly ports: ReadonlyMap<ServicePortKey, ServicePort>;
}

/** Addresses of one family by the common plan; a number makes one of `service`, `pod` and `outside`. */
export const ADDRESSES = {
  IPv4: {
    service: '172.30.0.',
    serviceRanges: ['172.30.0.0/16', '172.31.0.0/16'],
    pod: '10.180.0.',
    outside: '203.0.113.',
    outsideRange: '203.0.113.0/25',
    hostBits: 32,
    pods: '10.0.0.0/8',
    loopback: '127.0.0.1',
  },
  IPv6: {
    service: 'fd00:30::',
    serviceRanges: ['fd00:30::/112', 'fd00:31::/112'],
    pod: 'fd00:10::',
    outside: '2001:db8::',
    outsideRange: '2001:db8::/64',
    hostBits: 128,
    pods: 'fd00:10::/32',
    loopback: '::1',
  },
} as const;

/** The Services of the world; all that is at stake between two ports differs by index. */
const PORTS = [
  { service: 1, namespace: 'ns', name: 'web', portName: '', protocol: 'TCP' },
  { service: 1, namespace: 'ns', name: 'web', portName: 'dns', protocol: 'UDP' },
  { service: 1, namespace: 'ns', name: 'web', portName: 'dns-tcp', protocol: 'TCP' },
  { service: 2, namespace: 'ns', name: 'web-2', portName: 'http', protocol: 'TCP' },
  { service: 3, namespace: 'other', name: 'web', portName: '', protocol: 'SCTP' },
  { service: 4, namespace: 'other', name: 'db', portName: 'db', protocol: 'TCP' },
] as const;

const seldom = fc.boolean().chain((first) => (first ? fc.boolean() : fc.constant(false)));
const mostly = seldom.map((value) => !value);

/** Any service port of the world, with 0 to 6 endpoints in any condition. */
export function servicePorts(family: IpFamily): fc.Arbitrary<ServicePort> {
  return fc.nat({ max: PORTS.length - 1 }).chain((index) => servicePort(family, index));
}

function servicePort(family: IpFamily, index: number): fc.Arbitrary<ServicePort> {
  const { service, outside, outsideRange, hostBits } = ADDRESSES[family];
  const { service: number, ...names } = PORTS[index] ?? PORTS[0];
  const ranges = [outsideRange, `${outside}77/${hostBits}`, `${outside}9/${hostBits}`];
  const port = 80 + index;
  const balanced = balancings.chain((balancing) =>
    endpoints(family, balancing.forwarding === 'masquerade' ? [8080, 8080, 8081] : [port]).chain((list) =>
      fc.tuple(healthOf(list), steps(list.length)).map(([health, taken]) => ({
        balancing,
        endpoints: balancing.slowStartMs === 0 ? list : list.map((each, at) => atStep(each, taken[at])),
        health,
      })),
    ),
  );
  return fc
    .record({
      clusterIP: mostly.map((owned) => (owned ? `${service}${number}` : undefined)),
      nodePort: fc.constantFrom(0, 30_000 + index),
      sessionAffinitySeconds: fc.constantFrom(0, 0, 60, 10_800),
      externalIPs: fc.subarray([`${outside}1`, `${outside}2`]),
      loadBalancerVIPs: fc.subarray([`${outside}2`, `${outside}3`]),
      hasPoolAddresses: fc.boolean(),
      loadBalancerSourceRanges: fc.option(fc.subarray(ranges), { nil: undefined, freq: 1 }),
      healthCheckNodePort: fc.constantFrom(0, 31_000 + index),
      externalPolicyLocal: fc.boolean(),
      internalPolicyLocal: seldom,
      balanced,
    })
    .map(({ balanced: settled, ...fields }) => ({
      ...aServicePort({ ...names, ...fields, ...settled, port }),
      family,
    }));
}

/** Mostly the default; the rest is anything that annotations can bring about. */
const balancings: fc.Arbitrary<Balancing> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(DEFAULT_BALANCING) },
  {
    weight: 1,
    arbitrary: fc.record({
      scheduler: fc.constantFrom('', 'rr', 'wrr', 'lc', 'wlc', 'sh', 'mh'),
      schedulerFlags: fc.constantFrom(undefined, [], ['port'] as const, ['port', 'fallback'] as const),
      forwarding: fc.constantFrom<Forwarding>('masquerade', 'direct', 'tunnel'),
      slowStartMs: fc.constantFrom(0, 0, 30_000),
    }),
  },
);

/** How far endpoints are in slow start; undefined: it is over. */
function steps(length: number): fc.Arbitrary<readonly (number | undefined)[]> {
  const step = fc.constantFrom(undefined, undefined, 1, 5, 9);
  return fc.array(step, { minLength: length, maxLength: length });
}

function atStep(endpoint: Endpoint, slowStartStep: number | undefined): Endpoint {
  return slowStartStep === undefined ? endpoint : { ...endpoint, slowStartStep };
}

/** Mostly nothing is checked. */
function healthOf(list: readonly Endpoint[]): fc.Arbitrary<PortHealth | undefined> {
  const health = fc.record({
    check: fc.constantFrom(0, 50, 50, 100).map((panicPercent) => aHealthCheck({ panicPercent })),
    down: fc.subarray(list.map(({ text }) => text)),
  });
  return seldom.chain((isChecked) => (isChecked ? health : fc.constant(undefined)));
}

/** Seldom as large as a weight may be with slow start: beside small ones it takes some hundred slots. */
const weights = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(1, 1, 1, 1, 0, 3) },
  { weight: 1, arbitrary: fc.constant(655) },
);

function endpoints(family: IpFamily, ports: readonly number[]): fc.Arbitrary<readonly Endpoint[]> {
  const endpoint = fc
    .record({
      ip: fc.integer({ min: 1, max: 9 }).map((number) => `${ADDRESSES[family].pod}${number}`),
      port: fc.constantFrom(...ports),
      ready: mostly,
      serving: mostly,
      terminating: seldom,
      isLocal: fc.boolean(),
      zoneHints: fc.constantFrom(undefined, undefined, ['a'], ['a', 'b']),
      nodeHints: fc.constantFrom(undefined, undefined, undefined, ['node-a'], ['node-b']),
      weight: weights,
    })
    .map(anEndpoint);
  return fc
    .uniqueArray(endpoint, { maxLength: 6, selector: ({ text }) => text })
    .map((list) => list.sort((a, b) => (a.text < b.text ? -1 : 1)));
}

/** Any node of a cluster that is not large: that changes what rules look like, but not what they do. */
export function nodeViews(family: IpFamily): fc.Arbitrary<NodeView> {
  const { outside, pods, loopback, serviceRanges } = ADDRESSES[family];
  return fc
    .record({
      zone: fc.constantFrom('', 'a', 'c'),
      ip: fc.constantFrom(`${outside}9`, undefined),
      ownIP: fc.constantFrom(`${outside}9`, undefined),
      detectLocal: fc.constantFrom<NodeView['detectLocal']>(
        { by: 'cidr', cidr: pods },
        { by: 'cidr', cidr: pods },
        { by: 'bridge', interface: 'cni0' },
        { by: 'prefix', prefix: 'veth' },
        { by: 'none' },
      ),
      nodePortAddresses: fc.constantFrom<NodeView['nodePortAddresses']>(
        'all',
        'all',
        [`${outside}9`],
        [loopback, `${outside}9`].sort(),
        [],
      ),
      serviceCIDRs: fc.subarray([...serviceRanges]),
    })
    .map((fields) => aNodeView({ family, ...fields }));
}

/** Any state of the world. */
export function worlds(family: IpFamily): fc.Arbitrary<World> {
  return fc
    .tuple(nodeViews(family), fc.array(servicePorts(family), { maxLength: 8 }))
    .map(([node, ports]) => ({ node, ports: byKey(ports) }));
}

type Edit =
  | { readonly put: readonly ServicePort[] }
  | { readonly removeAt: number }
  | { readonly node: NodeView };

/** A world and what becomes of it, step by step: service ports come, change and go, and now and then the node changes. */
export function histories(family: IpFamily, maxLength = 8): fc.Arbitrary<readonly World[]> {
  const put = fc
    .array(servicePorts(family), { minLength: 1, maxLength: 2 })
    .map((ports): Edit => ({ put: ports }));
  const remove = fc.nat({ max: PORTS.length - 1 }).map((removeAt): Edit => ({ removeAt }));
  const change = nodeViews(family).map((node): Edit => ({ node }));
  const edit = fc.oneof(
    { weight: 6, arbitrary: put },
    { weight: 2, arbitrary: remove },
    { weight: 1, arbitrary: change },
  );
  return fc.tuple(worlds(family), fc.array(edit, { maxLength })).map(([first, edits]) => {
    const history = [first];
    for (const each of edits) history.push(applyEdit(history.at(-1) ?? first, each));
    return history;
  });
}

/** What leads from one world to another: changed service ports, undefined for those that are gone. */
export function changedPorts(from: World, to: World): ReadonlyMap<ServicePortKey, ServicePort | undefined> {
  const changed = new Map<ServicePortKey, ServicePort | undefined>();
  for (const key of from.ports.keys()) if (!to.ports.has(key)) changed.set(key, undefined);
  for (const [key, port] of to.ports) {
    if (from.node !== to.node || from.ports.get(key) !== port) changed.set(key, port);
  }
  return changed;
}

function applyEdit(world: World, edit: Edit): World {
  if ('node' in edit) return { ...world, node: edit.node };
  if ('put' in edit) return { ...world, ports: byKey([...world.ports.values(), ...edit.put]) };
  return { ...world, ports: byKey([...world.ports.values()].filter((_, index) => index !== edit.removeAt)) };
}

/** Of several with one key, the last. */
function byKey(ports: readonly ServicePort[]): ReadonlyMap<ServicePortKey, ServicePort> {
  return new Map(ports.map((port) => [port.key, port]));
}
