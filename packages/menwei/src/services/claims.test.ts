import { aService, type ServiceFields } from '@menwei/testing/services/testing.ts';
import { TrackedFamily } from '@menwei/testing/services/tracked-family.ts';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../kubernetes/objects.ts';

const vip = (ip: string) => ({ loadBalancerIngress: [{ ip, ipMode: 'VIP' as const }] });
const healthCheck = (healthCheckNodePort: number): ServiceFields => ({
  type: 'LoadBalancer',
  externalTrafficPolicy: 'Local',
  healthCheckNodePort,
});

/** Services `ns/a`, `ns/b` … with addresses of their own, unless the fields say otherwise. */
function servicesOf(...fields: ServiceFields[]) {
  return fields.map((each, index) =>
    aService({
      name: 'abcdef'.charAt(index),
      clusterIPs: { IPv4: `172.30.0.${index + 1}` },
      ...each,
    }),
  );
}

function trackerOf(services: ReturnType<typeof servicesOf>) {
  const tracker = new TrackedFamily({ family: 'IPv4', nodeName: 'node-a', startedAtMs: 0 });
  for (const service of services) tracker.put(service);
  return tracker;
}

/** The addresses that each Service got, by name; all ports of a Service together. */
function granted(tracker: TrackedFamily) {
  const addresses = new Map<string, (string | number)[]>();
  for (const port of [...tracker.ports.values()].sort((x, y) => (x.key < y.key ? -1 : 1))) {
    const ips = [port.clusterIP ?? [], port.externalIPs, port.loadBalancerVIPs].flat();
    const nodePorts = [port.nodePort, port.healthCheckNodePort].filter((each) => each !== 0);
    addresses.set(port.name, [...(addresses.get(port.name) ?? []), ...ips, ...nodePorts]);
  }
  return Object.fromEntries(addresses);
}

describe('an address that two Services ask for', () => {
  const same = { clusterIPs: { IPv4: '172.30.0.9' } };
  const external = { externalIPs: ['203.0.113.9', '203.0.113.8'] };
  const node = { ports: [{ nodePort: 30080 }] };

  it.each<[string, ServiceFields[], object, string[]]>([
    [
      'cluster address',
      [
        { ...same, createdAtMs: 2 },
        { ...same, createdAtMs: 1 },
      ],
      { a: [], b: ['172.30.0.9'] },
      ['Service ns/a: spec.clusterIP: 172.30.0.9:80/TCP already belongs to Service ns/b'],
    ],
    [
      'the same age: the first by name',
      [
        { ...same, createdAtMs: 1 },
        { ...same, createdAtMs: 1 },
      ],
      { a: ['172.30.0.9'], b: [] },
      ['Service ns/b: spec.clusterIP: 172.30.0.9:80/TCP already belongs to Service ns/a'],
    ],
    [
      'the namespace comes before the name',
      [{ ...same, namespace: 'z' }, same],
      { a: [], b: ['172.30.0.9'] },
      ['Service z/a: spec.clusterIP: 172.30.0.9:80/TCP already belongs to Service ns/b'],
    ],
    [
      'an unknown age counts as the youngest',
      [same, { ...same, createdAtMs: 1 }],
      { a: [], b: ['172.30.0.9'] },
      ['Service ns/a: spec.clusterIP: 172.30.0.9:80/TCP already belongs to Service ns/b'],
    ],
    [
      'external address',
      [external, { externalIPs: ['203.0.113.7', '203.0.113.8'] }],
      { a: ['172.30.0.1', '203.0.113.9', '203.0.113.8'], b: ['172.30.0.2', '203.0.113.7'] },
      ['Service ns/b: spec.externalIPs: 203.0.113.8:80/TCP already belongs to Service ns/a'],
    ],
    [
      'load-balancer address against external address',
      [vip('203.0.113.8'), external],
      { a: ['172.30.0.1', '203.0.113.8'], b: ['172.30.0.2', '203.0.113.9'] },
      ['Service ns/b: spec.externalIPs: 203.0.113.8:80/TCP already belongs to Service ns/a'],
    ],
    [
      'load-balancer address against cluster address',
      [{}, vip('172.30.0.1')],
      { a: ['172.30.0.1'], b: ['172.30.0.2'] },
      ['Service ns/b: status.loadBalancer.ingress: 172.30.0.1:80/TCP already belongs to Service ns/a'],
    ],
    [
      'node port',
      [node, node],
      { a: ['172.30.0.1', 30080], b: ['172.30.0.2'] },
      ['Service ns/b: spec.ports[0].nodePort: node port 30080/TCP already belongs to Service ns/a'],
    ],
    [
      'health-check node port',
      [healthCheck(32000), healthCheck(32000)],
      { a: ['172.30.0.1', 32000], b: ['172.30.0.2'] },
      ['Service ns/b: spec.healthCheckNodePort: node port 32000/TCP already belongs to Service ns/a'],
    ],
    [
      'health-check node port against node port',
      [node, healthCheck(30080)],
      { a: ['172.30.0.1', 30080], b: ['172.30.0.2'] },
      ['Service ns/b: spec.healthCheckNodePort: node port 30080/TCP already belongs to Service ns/a'],
    ],
    [
      'two ports of one Service: the first in the list',
      [{ ports: [{ name: 'z' }, { name: 'y' }] }],
      { a: ['172.30.0.1'] },
      [
        'Service ns/a: spec.clusterIP: 172.30.0.1:80/TCP already belongs to spec.ports[0] of the same Service',
      ],
    ],
  ])('%s', (_, fields, expected, problems) => {
    const services = servicesOf(...fields);
    for (const order of [services, services.toReversed()]) {
      const tracker = trackerOf(order);
      expect(tracker.takeChanges().problems.map(formatProblem)).toEqual(problems);
      expect(granted(tracker)).toEqual(expected);
    }
  });
});

describe('no conflict', () => {
  it.each<[string, ServiceFields[], object]>([
    [
      'another port',
      [{ ports: [{ port: 81 }] }, { clusterIPs: { IPv4: '172.30.0.1' } }],
      { a: ['172.30.0.1'], b: ['172.30.0.1'] },
    ],
    [
      'another protocol',
      [{ ports: [{ nodePort: 30053 }] }, { ports: [{ nodePort: 30053, protocol: 'UDP' }] }],
      { a: ['172.30.0.1', 30053], b: ['172.30.0.2', 30053] },
    ],
    [
      'an external address that is a load-balancer address of the same port',
      [{ externalIPs: ['203.0.113.9'], ...vip('203.0.113.9') }],
      { a: ['172.30.0.1', '203.0.113.9', '203.0.113.9'] },
    ],
    [
      'an address listed twice',
      [{ externalIPs: ['203.0.113.9', '203.0.113.9'] }],
      { a: ['172.30.0.1', '203.0.113.9'] },
    ],
    [
      'all ports of a Service share the health check',
      [{ ...healthCheck(32000), ports: [{ name: 'x' }, { name: 'y', port: 81 }] }],
      { a: ['172.30.0.1', 32000, '172.30.0.1', 32000] },
    ],
    [
      'with a Service that is not ours',
      [{ foreignProxy: true }, { clusterIPs: { IPv4: '172.30.0.1' } }],
      { b: ['172.30.0.1'] },
    ],
  ])('%s', (_, fields, expected) => {
    const tracker = trackerOf(servicesOf(...fields));
    expect(tracker.takeChanges().problems).toEqual([]);
    expect(granted(tracker)).toEqual(expected);
  });
});

describe('when the owner of an address', () => {
  const contested = { clusterIPs: { IPv4: '172.30.0.9' } };
  const setUp = () => {
    const services = servicesOf(
      { ...contested, createdAtMs: 1 },
      { ...contested, createdAtMs: 2 },
      { ...contested, createdAtMs: 3 },
    );
    const tracker = trackerOf(services);
    tracker.takeChanges();
    return tracker;
  };
  const second = 'Service ns/c: spec.clusterIP: 172.30.0.9:80/TCP already belongs to Service ns/b';

  it('goes, the next oldest gets it', () => {
    const tracker = setUp();
    tracker.delete({ kind: 'Service', namespace: 'ns', name: 'a' });
    const { ports, problems } = tracker.takeChanges();
    expect([...ports.keys()]).toEqual(['ns/a/TCP', 'ns/b/TCP']);
    expect(granted(tracker)).toEqual({ b: ['172.30.0.9'], c: [] });
    expect(problems.map(formatProblem)).toEqual([second]);
  });

  it('asks for another one, the next oldest gets it', () => {
    const tracker = setUp();
    tracker.put(aService({ name: 'a', clusterIPs: { IPv4: '172.30.0.1' }, createdAtMs: 1 }));
    tracker.takeChanges();
    expect(granted(tracker)).toEqual({ a: ['172.30.0.1'], b: ['172.30.0.9'], c: [] });
  });

  it('is made anew, it comes last', () => {
    const tracker = setUp();
    tracker.put(aService({ name: 'a', ...contested, createdAtMs: 4 }));
    tracker.takeChanges();
    expect(granted(tracker)).toEqual({ a: [], b: ['172.30.0.9'], c: [] });
  });

  it('stays, nothing is reported again', () => {
    const tracker = setUp();
    tracker.put(aService({ name: 'c', ...contested, createdAtMs: 3, sessionAffinitySeconds: 5 }));
    const { ports, problems } = tracker.takeChanges();
    expect([[...ports.keys()], problems]).toEqual([['ns/c/TCP'], []]);
  });

  it('comes back before anybody looked, nothing has changed', () => {
    const tracker = setUp();
    tracker.delete({ kind: 'Service', namespace: 'ns', name: 'a' });
    tracker.put(aService({ name: 'a', ...contested, createdAtMs: 1 }));
    const { ports, problems } = tracker.takeChanges();
    expect([ports.size, problems]).toEqual([0, []]);
  });

  it('comes back later, the loss is reported again', () => {
    const tracker = setUp();
    tracker.delete({ kind: 'Service', namespace: 'ns', name: 'a' });
    tracker.takeChanges();
    tracker.put(aService({ name: 'a', ...contested, createdAtMs: 1 }));
    expect(tracker.takeChanges().problems).toHaveLength(2);
    expect(granted(tracker)).toEqual({ a: ['172.30.0.9'], b: [], c: [] });
  });
});

it('tells of each port what it does without, and no longer when it has it', () => {
  const [old, young] = servicesOf(
    { createdAtMs: 1, externalIPs: ['203.0.113.9'] },
    { createdAtMs: 2, externalIPs: ['203.0.113.9'], ports: [{ port: 80 }, { name: 'more', port: 81 }] },
  );
  if (old === undefined || young === undefined) throw new Error('BUG: two Services');
  const tracker = trackerOf([old, young]);
  tracker.takeChanges();
  const reason = 'spec.externalIPs: 203.0.113.9:80/TCP already belongs to Service ns/a';
  expect([...tracker.unmet]).toEqual([['ns/b/TCP', reason]]);
  tracker.delete({ kind: 'Service', namespace: 'ns', name: 'a' });
  tracker.takeChanges();
  expect([...tracker.unmet]).toEqual([]);
});
