import type { IpFamily } from '@menwei/addresses/ip.ts';
import {
  aLoadBalancer,
  aService,
  aSlice,
  type ServiceFields,
  type SliceFields,
} from '@menwei/testing/services/testing.ts';
import { type TrackedChanges, TrackedFamily } from '@menwei/testing/services/tracked-family.ts';
import { describe, expect, it, vi } from 'vitest';
import { DEFAULT_BALANCING, formatProblem } from '../kubernetes/objects.ts';
import { SliceIndex } from './slice-index.ts';

const STARTED_AT_MS = 1000;

interface Objects {
  readonly services?: readonly ServiceFields[];
  readonly slices?: readonly SliceFields[];
}

/** A tracker that has already told what these objects amount to. */
function trackerOf({ services = [], slices = [] }: Objects, family: IpFamily = 'IPv4'): TrackedFamily {
  const tracker = new TrackedFamily({ family, nodeName: 'node-a', startedAtMs: STARTED_AT_MS });
  for (const service of services) tracker.put(aService(service));
  for (const slice of slices) tracker.put(aSlice(slice));
  tracker.takeChanges();
  return tracker;
}

/** Service port key → its endpoints; `gone` for a port that is gone. */
function summarize(changes: Pick<TrackedChanges, 'ports'>) {
  return Object.fromEntries(
    Array.from(changes.ports, ([key, port]) => [key, port?.endpoints.map(({ text }) => text) ?? 'gone']),
  );
}

const twoPorts = { ports: [{ name: 'http' }, { name: 'dns', port: 53, protocol: 'UDP' as const }] };

describe('the changes after', () => {
  const pod: SliceFields = { endpoints: ['10.0.0.1'] };
  const web: Objects = { services: [{}], slices: [pod] };

  it.each<[string, Objects, (tracker: TrackedFamily) => boolean, boolean, object]>([
    ['a Service without a slice', {}, (it) => it.put(aService()), true, { 'ns/web/TCP': [] }],
    ['a slice without its Service', {}, (it) => it.put(aSlice(pod)), true, {}],
    [
      'a slice after its Service',
      { services: [{}] },
      (it) => it.put(aSlice(pod)),
      true,
      { 'ns/web/TCP': ['10.0.0.1:8080'] },
    ],
    [
      'a Service after its slice',
      { slices: [pod] },
      (it) => it.put(aService()),
      true,
      { 'ns/web/TCP': ['10.0.0.1:8080'] },
    ],
    [
      'a Service with other words for a load-balancer controller alone',
      web,
      (it) => it.put(aService({ loadBalancer: aLoadBalancer({ annotations: new Map([['x', 'y']]) }) })),
      false,
      {},
    ],
    [
      'a second slice',
      web,
      (it) => it.put(aSlice({ name: 'web-2', endpoints: ['10.0.0.2'] })),
      true,
      { 'ns/web/TCP': ['10.0.0.1:8080', '10.0.0.2:8080'] },
    ],
    ['a slice that adds no endpoint', web, (it) => it.put(aSlice({ name: 'web-2', ...pod })), true, {}],
    [
      'an endpoint more',
      web,
      (it) => it.put(aSlice({ endpoints: ['10.0.0.1', '10.0.0.2'] })),
      true,
      { 'ns/web/TCP': ['10.0.0.1:8080', '10.0.0.2:8080'] },
    ],
    [
      'an endpoint that turns unready',
      web,
      (it) => it.put(aSlice({ endpoints: [{ ready: false }] })),
      true,
      { 'ns/web/TCP': ['10.0.0.1:8080'] },
    ],
    [
      'another port number in the slice',
      web,
      (it) => it.put(aSlice({ ...pod, ports: [{ port: 81 }] })),
      true,
      { 'ns/web/TCP': ['10.0.0.1:81'] },
    ],
    [
      'another port name in the slice',
      web,
      (it) => it.put(aSlice({ ...pod, ports: [{ name: 'http' }] })),
      true,
      { 'ns/web/TCP': [] },
    ],
    [
      'a write to the slice that changes no endpoint',
      web,
      (it) => it.put(aSlice({ ...pod, lastChangeTriggerTimeMs: 2000 })),
      false,
      {},
    ],
    [
      'a removed slice',
      web,
      (it) => it.delete({ kind: 'EndpointSlice', namespace: 'ns', name: 'web-1' }),
      true,
      { 'ns/web/TCP': [] },
    ],
    [
      'a removed slice that nobody knows',
      web,
      (it) => it.delete({ kind: 'EndpointSlice', namespace: 'ns', name: 'web-2' }),
      false,
      {},
    ],
    [
      'a write to the Service that changes no port',
      web,
      (it) => it.put(aService({ healthCheckNodePort: 1 })),
      false,
      {},
    ],
    [
      'a port more',
      { services: [{ ports: [{ name: 'http' }] }] },
      (it) => it.put(aService(twoPorts)),
      true,
      { 'ns/web:dns/UDP': [] },
    ],
    [
      'a port less',
      { services: [twoPorts] },
      (it) => it.put(aService({ ports: [{ name: 'http' }] })),
      true,
      { 'ns/web:dns/UDP': 'gone' },
    ],
    [
      'a renamed port',
      web,
      (it) => it.put(aService({ ports: [{ name: 'http' }] })),
      true,
      { 'ns/web/TCP': 'gone', 'ns/web:http/TCP': [] },
    ],
    [
      'another port number in the Service',
      web,
      (it) => it.put(aService({ ports: [{ port: 81 }] })),
      true,
      { 'ns/web/TCP': ['10.0.0.1:8080'] },
    ],
    [
      'a Service that becomes headless',
      web,
      (it) => it.put(aService({ clusterIPs: {} })),
      true,
      { 'ns/web/TCP': 'gone' },
    ],
    [
      'a Service that becomes an ExternalName',
      web,
      (it) => it.put(aService({ type: 'ExternalName' })),
      true,
      { 'ns/web/TCP': 'gone' },
    ],
    [
      "a Service that becomes another proxy's",
      web,
      (it) => it.put(aService({ foreignProxy: true })),
      true,
      { 'ns/web/TCP': 'gone' },
    ],
    ['a headless Service', {}, (it) => it.put(aService({ clusterIPs: {} })), false, {}],
    [
      'a Service of the other family',
      {},
      (it) => it.put(aService({ clusterIPs: { IPv6: 'fd00:30::1' } })),
      false,
      {},
    ],
    [
      'a slice of the other family',
      { services: [{}] },
      (it) => it.put(aSlice({ addressType: 'IPv6', endpoints: ['fd00:10::1'] })),
      false,
      {},
    ],
    [
      'a removed Service',
      web,
      (it) => it.delete({ kind: 'Service', namespace: 'ns', name: 'web' }),
      true,
      { 'ns/web/TCP': 'gone' },
    ],
    [
      'a removed Service that nobody knows',
      web,
      (it) => it.delete({ kind: 'Service', namespace: 'ns', name: 'db' }),
      false,
      {},
    ],
  ])('%s', (_, objects, event, isPending, expected) => {
    const tracker = trackerOf(objects);
    expect(event(tracker)).toBe(isPending);
    expect(summarize(tracker.takeChanges())).toEqual(expected);
    expect(tracker.takeChanges()).toEqual({ ports: new Map(), triggerTimesMs: [], problems: [] });
  });

  it('an event that was undone are none', () => {
    const tracker = trackerOf(web);
    tracker.put(aSlice({ endpoints: [] }));
    tracker.put(aSlice(pod));
    tracker.delete({ kind: 'Service', namespace: 'ns', name: 'web' });
    tracker.put(aService());
    expect(tracker.takeChanges().ports).toEqual(new Map());
  });

  it('an endpoint that moved to another slice are none', () => {
    const tracker = trackerOf(web);
    tracker.delete({ kind: 'EndpointSlice', namespace: 'ns', name: 'web-1' });
    tracker.put(aSlice({ name: 'web-2', ...pod }));
    expect(tracker.takeChanges().ports).toEqual(new Map());
  });

  it('other weights on the Service are those of its endpoints', () => {
    const tracker = trackerOf(web);
    expect(tracker.put(aService({ weights: { named: new Map(), others: 0 } }))).toBe(true);
    expect(tracker.takeChanges().ports.get('ns/web/TCP')?.endpoints).toMatchObject([{ weight: 0 }]);
  });

  it('many events come in the order of the Services', () => {
    const tracker = trackerOf({});
    for (const name of ['b', 'c', 'a'])
      tracker.put(aService({ name, ports: [{ port: name.charCodeAt(0) }] }));
    expect([...tracker.takeChanges().ports.keys()]).toEqual(['ns/a/TCP', 'ns/b/TCP', 'ns/c/TCP']);
  });

  it('leave what they do not touch the same object', () => {
    const tracker = trackerOf({ services: [twoPorts, { name: 'db', clusterIPs: { IPv4: '172.30.0.2' } }] });
    const before = new Map(tracker.ports);
    tracker.put(aSlice({ ports: [{ name: 'http' }], endpoints: ['10.0.0.1'] }));
    tracker.takeChanges();
    const kept = [...before.keys()].filter((key) => tracker.ports.get(key) === before.get(key));
    expect(kept).toEqual(['ns/db/TCP', 'ns/web:dns/UDP']);
  });
});

describe('dual stack', () => {
  it.each<[IpFamily, object]>([
    ['IPv4', { 'ns/web/TCP': ['10.0.0.1:8080'] }],
    ['IPv6', { 'ns/web/TCP': ['[fd00:10::1]:8080'] }],
  ])('%s', (family, expected) => {
    const services = [{ clusterIPs: { IPv4: '172.30.0.1', IPv6: 'fd00:30::1' } }];
    const slices: SliceFields[] = [
      { name: 'web-4', endpoints: ['10.0.0.1'] },
      { name: 'web-6', addressType: 'IPv6', endpoints: ['fd00:10::1'] },
    ];
    expect(summarize(trackerOf({ services, slices }, family))).toEqual(expected);
  });
});

describe('the number of endpoints', () => {
  it('counts those of every service port, whatever their condition', () => {
    const services = [twoPorts, { name: 'db', clusterIPs: { IPv4: '172.30.0.2' } }];
    const ports = [{ name: 'http' }, { name: 'dns', protocol: 'UDP' as const }, { name: 'unknown' }];
    const slices = [{ ports, endpoints: ['10.0.0.1', { ip: '10.0.0.2', ready: false, serving: false }] }];
    const tracker = trackerOf({ services, slices });
    expect(tracker.endpointCount).toBe(4);
    tracker.put(aService({ ports: [{ name: 'http' }] }));
    tracker.takeChanges();
    expect(tracker.endpointCount).toBe(2);
    tracker.delete({ kind: 'EndpointSlice', namespace: 'ns', name: 'web-1' });
    tracker.takeChanges();
    expect(tracker.endpointCount).toBe(0);
  });
});

describe('a forwarding that the endpoints can not take part in', () => {
  const direct: ServiceFields = { balancing: { ...DEFAULT_BALANCING, forwarding: 'direct' } };
  const at = (port: number, ...endpoints: string[]) => aSlice({ ports: [{ port }], endpoints });

  it('is reported once, and again when it is news', () => {
    const tracker = trackerOf({ services: [direct] });
    const take = () => tracker.takeChanges().problems.length;
    const forwarding = () => tracker.ports.get('ns/web/TCP')?.balancing.forwarding;
    tracker.put(at(8080, '10.0.0.1'));
    expect([take(), forwarding()]).toEqual([1, 'masquerade']);
    tracker.put(at(8080, '10.0.0.1', '10.0.0.2'));
    expect([take(), forwarding()]).toEqual([0, 'masquerade']);
    tracker.put(at(80, '10.0.0.1', '10.0.0.2'));
    expect([take(), forwarding()]).toEqual([0, 'direct']);
    tracker.put(at(8080, '10.0.0.1'));
    expect([take(), forwarding()]).toEqual([1, 'masquerade']);
  });
});

describe('service health', () => {
  const local = (ip: string, fields = {}) => ({ ip, nodeName: 'node-a', ...fields });
  const ports = [{ name: 'http' }, { name: 'https', port: 443 }];
  const balanced: ServiceFields = {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    healthCheckNodePort: 32000,
    ports,
  };

  it.each<[string, SliceFields['endpoints'], number]>([
    ['no endpoints', [], 0],
    ['one address on two ports counts once', [local('10.0.0.1')], 1],
    ['endpoints elsewhere do not count', [local('10.0.0.1'), '10.0.0.2'], 1],
    ['unready endpoints do not count', [local('10.0.0.1', { ready: false, serving: false })], 0],
    ['terminating endpoints do not count', [local('10.0.0.1', { ready: false, terminating: true })], 0],
  ])('%s', (_, endpoints = [], localEndpoints) => {
    const tracker = trackerOf({ services: [balanced], slices: [{ ports, endpoints }] });
    const health = { namespace: 'ns', name: 'web', port: 32000, localEndpoints };
    expect(tracker.serviceHealth).toEqual(new Map([['ns/web', health]]));
  });

  it.each<[string, ServiceFields]>([
    ['external Cluster', { ...balanced, externalTrafficPolicy: 'Cluster' }],
    ['not a LoadBalancer', { ...balanced, type: 'NodePort' }],
    ['without a health-check port', { ...balanced, healthCheckNodePort: 0 }],
  ])('of a Service that is %s has no server', (_, fields) => {
    const tracker = trackerOf({ services: [balanced], slices: [{ ports, endpoints: [local('10.0.0.1')] }] });
    tracker.put(aService(fields));
    tracker.takeChanges();
    expect(tracker.serviceHealth.size).toBe(0);
  });

  it('ends with the Service', () => {
    const tracker = trackerOf({ services: [balanced] });
    tracker.delete({ kind: 'Service', namespace: 'ns', name: 'web' });
    tracker.takeChanges();
    expect(tracker.serviceHealth.size).toBe(0);
  });
});

describe('a Service that trips over a mistake of the program', () => {
  it('stays as it was, is told, and costs the others nothing', () => {
    const tracker = trackerOf({ services: [{}], slices: [{ endpoints: ['10.0.0.1'] }] });
    const broken = vi.spyOn(SliceIndex.prototype, 'endpointsOf').mockImplementationOnce(() => {
      throw new Error('BUG: no way');
    });
    tracker.put(aSlice({ endpoints: ['10.0.0.2'] }));
    tracker.put(aService({ name: 'web-2', clusterIPs: { IPv4: '172.30.0.2' } }));
    const { ports, problems } = tracker.takeChanges();
    broken.mockRestore();
    expect([...ports.keys()]).toEqual(['ns/web-2/TCP']);
    expect(problems.map(formatProblem)).toEqual(['Service ns/web: BUG: left as it was: BUG: no way']);
    expect([...tracker.unmet.keys()]).toEqual(['ns/web/TCP']);
    tracker.put(aSlice({ endpoints: ['10.0.0.3'] }));
    expect(summarize(tracker.takeChanges())).toEqual({ 'ns/web/TCP': ['10.0.0.3:8080'] });
    expect([...tracker.unmet.keys()]).toEqual([]);
  });
});

describe('trigger times', () => {
  it('are limited while nobody takes them', () => {
    const tracker = trackerOf({ services: [{}] });
    for (let write = 0; write < 3_000; write++) {
      const lastChangeTriggerTimeMs = STARTED_AT_MS + write + 1;
      tracker.put(aSlice({ endpoints: [`10.0.0.${write % 250}`], lastChangeTriggerTimeMs }));
    }
    const { triggerTimesMs } = tracker.takeChanges();
    expect([triggerTimesMs.length, triggerTimesMs[0]]).toEqual([1_000, STARTED_AT_MS + 1]);
  });

  const at = (lastChangeTriggerTimeMs: number, ...endpoints: string[]) =>
    aSlice({ endpoints, lastChangeTriggerTimeMs });
  const elsewhere = aSlice({
    name: 'db-1',
    serviceName: 'db',
    endpoints: ['10.0.0.9'],
    lastChangeTriggerTimeMs: 1500,
  });

  it.each<[string, (tracker: TrackedFamily) => void, number[]]>([
    [
      'one for each change',
      (it) => {
        it.put(at(2000, '10.0.0.1'));
        it.put(at(3000, '10.0.0.2'));
      },
      [2000, 3000],
    ],
    [
      'none without the annotation',
      (it) => {
        it.put(at(0, '10.0.0.1'));
      },
      [],
    ],
    [
      'none from before the start',
      (it) => {
        it.put(at(STARTED_AT_MS, '10.0.0.1'));
      },
      [],
    ],
    [
      'none for a slice that gives the same endpoints',
      (it) => {
        it.put(at(2000, '10.0.0.1'));
        it.put(at(3000, '10.0.0.1'));
      },
      [2000],
    ],
    [
      'a removed slice discards those of its Service',
      (it) => {
        it.put(at(2000, '10.0.0.1'));
        it.put(elsewhere);
        it.delete({ kind: 'EndpointSlice', namespace: 'ns', name: 'web-1' });
      },
      [1500],
    ],
    [
      'removing an unknown slice discards nothing',
      (it) => {
        it.put(at(2000, '10.0.0.1'));
        it.delete({ kind: 'EndpointSlice', namespace: 'ns', name: 'web-2' });
      },
      [2000],
    ],
  ])('%s', (_, events, expected) => {
    const tracker = trackerOf({ services: [{}] });
    events(tracker);
    expect(tracker.takeChanges().triggerTimesMs).toEqual(expected);
    expect(tracker.takeChanges().triggerTimesMs).toEqual([]);
  });
});
