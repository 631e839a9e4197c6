import { object, patch, patched, refusal } from '@menwei/testing/cluster/patching.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeService } from '../kubernetes/decode.ts';
import type { LoadBalancerDetails } from '../kubernetes/load-balancer-objects.ts';
import { statusPatch } from './status-patch.ts';
import { diffStatus, type WantedStatus } from './wanted-status.ts';

const SERVICE = { group: '', version: 'v1', kind: 'Service', message: 'core.v1.Service' } as const;
const OURS = ['menwei.dev/load-balancer', 'service.kubernetes.io/load-balancer-cleanup'];

const ip = fc.constantFrom('192.0.2.10', '192.0.2.11', '2001:db8::10');
const ingress = fc.uniqueArray(fc.record({ ip, ipMode: fc.constantFrom('VIP', 'Proxy') }), {
  maxLength: 2,
  selector: (entry) => entry.ip,
});
const condition = fc.record({
  type: fc.constantFrom('menwei.dev/LoadBalancerReady', 'LoadBalancerPortsError', 'example.com/Other'),
  status: fc.constantFrom('True', 'False', 'Unknown'),
  reason: fc.constantFrom('Announced', 'NoPool'),
  message: fc.constantFrom('', 'so it is'),
  lastTransitionTime: fc.constant('2026-01-02T03:04:05Z'),
});
const conditions = fc.uniqueArray(condition, { maxLength: 3, selector: ({ type }) => type });
const rarely = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

/** A Service as an API server may have it. */
const stored = fc
  .record({
    finalizers: rarely(fc.uniqueArray(fc.constantFrom(...OURS, 'example.com/f'))),
    annotations: rarely(
      fc.dictionary(fc.constantFrom('menwei.dev/ip-allocated-from-pool', 'a~/b'), fc.constantFrom('p', 'q')),
    ),
    status: rarely(
      fc.record({
        loadBalancer: rarely(fc.record({ ingress: rarely(ingress) })),
        conditions: rarely(conditions),
      }),
    ),
  })
  .map(({ finalizers, annotations, status }) =>
    object(SERVICE, {
      metadata: { name: 'p', namespace: 'default', uid: 'u', finalizers, annotations },
      spec: { type: 'LoadBalancer', clusterIP: '10.96.0.1', ports: [{ port: 80 }] },
      ...(status === undefined ? {} : { status }),
    }),
  );

const wanted: fc.Arbitrary<WantedStatus> = fc.record({
  finalizer: rarely(fc.constantFrom(...OURS)),
  ingress: rarely(ingress.map((all) => all.map((one) => ({ ...one, hostname: '', ports: [] })))).map((all) =>
    all?.map((one) => ({ ...one, ipMode: one.ipMode === 'VIP' ? ('VIP' as const) : ('Proxy' as const) })),
  ),
  ready: rarely(fc.constant({ status: 'False', reason: 'NoPool', message: 'there is none' } as const)),
  portsError: rarely(
    fc.constant({ type: 'LoadBalancerPortsError', status: 'True', reason: 'Mixed', message: '' } as const),
  ),
  annotations: fc.record({ 'menwei.dev/ip-allocated-from-pool': rarely(fc.constantFrom('p', 'q,r')) }),
});

const raw = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value));

function detailsOf(value: unknown): LoadBalancerDetails {
  const details = decodeService(raw(value)).object?.loadBalancer;
  if (details === undefined) throw new Error('it is no Service of type LoadBalancer');
  return details;
}

describe('the patch of a status', () => {
  it('makes of any Service what is wanted, at once and with nothing left to do', () => {
    fc.assert(
      fc.property(stored, wanted, (service, target) => {
        const details = detailsOf(service);
        const stale = details.finalizers.filter((one) => OURS.includes(one) && one !== target.finalizer);
        const change = diffStatus(details, target, 0, stale);
        if (change === undefined) return;
        const after = patched('json', service, statusPatch(raw(service), change));
        expect(diffStatus(detailsOf(after), target, 1)).toBeUndefined();
        // What is others' stays.
        const others = (one: LoadBalancerDetails) => [
          one.finalizers.filter((finalizer) => !OURS.includes(finalizer)),
          one.conditions.filter(({ type }) => type === 'example.com/Other'),
          one.annotations.get('a~/b'),
        ];
        expect(others(detailsOf(after))).toEqual(others(details));
      }),
    );
  });

  it('is refused by a Service that has changed in any of it meanwhile', () => {
    fc.assert(
      fc.property(stored, stored, wanted, (before, meanwhile, target) => {
        const change = diffStatus(detailsOf(before), target, 0);
        if (change?.ingress === undefined) return;
        const balancerOf = (service: unknown) => JSON.stringify(raw(raw(service).status ?? {}).loadBalancer);
        if (balancerOf(before) === balancerOf(meanwhile)) return;
        expect(refusal(() => patch('json', meanwhile, statusPatch(raw(before), change)))).toMatchObject({
          code: 422,
        });
      }),
    );
  });
});
