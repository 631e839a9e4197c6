/** Random Services and EndpointSlices that get in each other's way, and how they change. Only tests import this. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import fc from 'fast-check';
import { DEFAULT_BALANCING, type EndpointSlice, refKey, type Service } from 'menwei/kubernetes/objects.ts';
import { ADDRESSES } from './arbitraries.ts';
import { aService, aSlice } from './testing.ts';

export type ObjectEvent =
  | { readonly verb: 'upsert'; readonly object: Service | EndpointSlice }
  | { readonly verb: 'remove'; readonly object: Service | EndpointSlice };

const namespace = fc.constantFrom('ns', 'other');
const serviceName = fc.constantFrom('web', 'web', 'db');
const portName = fc.constantFrom('', '', 'http');
const protocol = fc.constantFrom('TCP', 'TCP', 'UDP', 'SCTP');

function services(family: IpFamily): fc.Arbitrary<Service> {
  const { service, pod, outside, outsideRange } = ADDRESSES[family];
  const outsideIP = fc.constantFrom(`${outside}1`, `${outside}2`);
  const policy = fc.constantFrom('Cluster', 'Cluster', 'Local');
  return fc
    .record({
      namespace,
      name: serviceName,
      createdAtMs: fc.constantFrom(0, 1, 2),
      type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'LoadBalancer'),
      clusterIPs: fc.integer({ min: 1, max: 4 }).map((number) => ({ [family]: `${service}${number}` })),
      ports: fc.array(
        fc.record({
          name: portName,
          protocol,
          port: fc.constantFrom(80, 81),
          nodePort: fc.constantFrom(0, 30_080, 30_081),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      externalIPs: fc.array(outsideIP, { maxLength: 2 }),
      loadBalancerIngress: fc.array(fc.record({ ip: outsideIP, ipMode: fc.constant('VIP') }), {
        maxLength: 1,
      }),
      loadBalancerSourceRanges: fc.subarray([outsideRange]),
      hasUnreadableSourceRange: fc.constantFrom(false, false, true),
      sessionAffinitySeconds: fc.constantFrom(0, 0, 60),
      externalTrafficPolicy: policy,
      internalTrafficPolicy: policy,
      healthCheckNodePort: fc.constantFrom(0, 31_080, 31_081),
      balancing: fc.constantFrom(DEFAULT_BALANCING, DEFAULT_BALANCING, {
        ...DEFAULT_BALANCING,
        scheduler: 'sh',
      }),
      weights: fc.constantFrom(undefined, undefined, { named: new Map([[`${pod}1`, 0]]), others: 2 }),
    })
    .map(aService);
}

function slices(family: IpFamily): fc.Arbitrary<EndpointSlice> {
  const { pod } = ADDRESSES[family];
  return fc
    .record({
      namespace,
      name: fc.constantFrom('one', 'two', 'three'),
      serviceName,
      addressType: fc.constant(family),
      ports: fc.array(fc.record({ name: portName, protocol, port: fc.constantFrom(8080, 8081) }), {
        minLength: 1,
        maxLength: 2,
      }),
      endpoints: fc.array(
        fc.record({
          ip: fc.integer({ min: 1, max: 9 }).map((number) => `${pod}${number}`),
          ready: fc.constantFrom(true, true, false),
          serving: fc.boolean(),
          terminating: fc.boolean(),
          nodeName: fc.constantFrom('', 'node-a', 'node-b'),
          zoneHints: fc.constantFrom(undefined, undefined, ['a']),
          weight: fc.constantFrom(undefined, undefined, 0, 3),
        }),
        { maxLength: 5 },
      ),
    })
    .map(aSlice);
}

/** Any event: an object is written, new or changed, or removed, known or not. */
export function objectEvents(family: IpFamily): fc.Arbitrary<ObjectEvent> {
  const object = fc.oneof<[fc.Arbitrary<Service>, fc.Arbitrary<EndpointSlice>]>(
    services(family),
    slices(family),
  );
  return fc.oneof(
    { weight: 4, arbitrary: object.map((written): ObjectEvent => ({ verb: 'upsert', object: written })) },
    { weight: 1, arbitrary: object.map((removed): ObjectEvent => ({ verb: 'remove', object: removed })) },
  );
}

/** The objects that are there after some events. */
export function objectsAfter(events: readonly ObjectEvent[]): readonly (Service | EndpointSlice)[] {
  const objects = new Map<string, Service | EndpointSlice>();
  for (const { verb, object } of events) {
    if (verb === 'upsert') objects.set(refKey(object), object);
    else objects.delete(refKey(object));
  }
  return [...objects.values()];
}
