/** Laws of the names of a cluster, whatever objects there are and however they came to be. */
import { ask } from '@menwei/testing/dns/zone-answers.ts';
import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Service } from '../../kubernetes/objects.ts';
import { ObjectTables } from '../../state/object-tables.ts';
import { encodeName } from '../wire/name.ts';
import { RCODE, TYPE } from '../wire/question.ts';
import { ClusterZone } from './cluster-zone.ts';
import type { ClusterZoneOptions } from './zone-options.ts';

/** Few names, some of which mean something in a place of their own: they come together in every way. */
const NAMES = ['web', 'db', '1st', 'http', 'svc', 'pod', 'dns', 'ns', 'x'.repeat(63)];
const PORTS = ['', 'http', 'web'];
const V4 = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const V6 = ['fd00::', 'fd00::1'];
const NAMESPACES = ['ns', 'svc', 'x'.repeat(63)];

const protocol = fc.constantFrom('TCP' as const, 'UDP' as const);
const port = fc.record({
  name: fc.constantFrom(...PORTS),
  protocol,
  port: fc.constantFrom(53, 80),
});
const ports = fc.uniqueArray(port, { maxLength: 3, selector: ({ name, protocol }) => `${name}/${protocol}` });

const services: fc.Arbitrary<Service> = fc
  .record({
    namespace: fc.constantFrom(...NAMESPACES),
    name: fc.constantFrom(...NAMES),
    kind: fc.constantFrom('cluster', 'headless', 'external'),
    families: fc.subarray(['IPv4', 'IPv6'] as const, { minLength: 1 }),
    index: fc.integer({ min: 1, max: 3 }),
    ports,
    externalName: fc.constantFrom('', 'example.org', 'db.ns.svc.cluster.local'),
  })
  .map(({ namespace, name, kind, families, index, ports, externalName }) => {
    const own = { IPv4: `172.30.0.${index}`, IPv6: `fd00:30::${index}` };
    const clusterIPs = Object.fromEntries(families.map((family) => [family, own[family]]));
    const base = { namespace, name, ports, clusterIPs };
    if (kind === 'headless') return aService({ ...base, isHeadless: true, clusterIPs: {} });
    if (kind === 'cluster') return aService(base);
    return aService({ ...base, type: 'ExternalName', externalName, clusterIPs: {}, ports: [] });
  });

const slices: fc.Arbitrary<EndpointSlice> = fc
  .record({
    namespace: fc.constantFrom(...NAMESPACES),
    serviceName: fc.constantFrom(...NAMES),
    index: fc.integer({ min: 1, max: 3 }),
    addressType: fc.constantFrom('IPv4' as const, 'IPv6' as const),
    ports,
    ready: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    hostname: fc.constantFrom('', 'host', 'web', 'x'.repeat(63)),
  })
  .map(({ index, ready, hostname, ...fields }) => {
    const addresses = fields.addressType === 'IPv4' ? V4 : V6;
    return aSlice({
      ...fields,
      name: `slice-${index}`,
      endpoints: addresses.map((ip, at) => ({ ip, ready: ready[at] ?? true })),
      hosts: new Map(addresses.slice(0, 2).map((ip) => [ip, { hostname, podName: 'pod-0' }])),
    });
  });

type Step = { readonly put: Service | EndpointSlice } | { readonly remove: Service | EndpointSlice };

const object = fc.oneof(services, slices);
const histories: fc.Arbitrary<readonly (readonly Step[])[]> = fc.array(
  fc.array(
    fc.oneof(
      { weight: 3, arbitrary: object.map((put) => ({ put })) },
      { weight: 1, arbitrary: object.map((remove) => ({ remove })) },
    ),
    { maxLength: 12 },
  ),
  { minLength: 1, maxLength: 4 },
);

const options: fc.Arbitrary<ClusterZoneOptions> = fc.record({
  domain: fc.constant('cluster.local'),
  ttlSeconds: fc.constant(5),
  negativeTtlSeconds: fc.constant(5),
  pods: fc.constantFrom('disabled' as const, 'insecure' as const, 'verified' as const),
  endpointPodNames: fc.boolean(),
  ownAddresses: fc.constantFrom([], ['172.30.0.1'], ['10.0.0.1', 'fd00::1']),
});

const label = fc.constantFrom(
  ...NAMES,
  '_http',
  '_tcp',
  '_',
  'host',
  '10-0-0-1',
  'fd00--0',
  'pod-0',
  'other',
);
const questions = fc.array(
  fc
    .tuple(
      fc.array(label, { maxLength: 5 }),
      fc.constantFrom('', 'svc.', 'pod.', 'ns.svc.', 'svc.svc.', `${'x'.repeat(63)}.svc.`),
    )
    .map(([labels, kind]) => `${labels.map((each) => `${each}.`).join('')}${kind}cluster.local`),
  { minLength: 1, maxLength: 20 },
);
const REVERSE = ['1.0.30.172.in-addr.arpa', '1.0.0.10.in-addr.arpa', '3.0.0.10.in-addr.arpa'];
const TYPES = [TYPE.A, TYPE.AAAA, TYPE.SRV, TYPE.PTR, TYPE.CNAME, TYPE.TXT, TYPE.SOA, TYPE.NS, 15, 65];

function take(tables: ObjectTables, steps: readonly Step[]): void {
  for (const step of steps) {
    if ('put' in step) tables.put(step.put);
    else tables.delete(step.remove);
  }
}

function someTables(): ObjectTables {
  const tables = new ObjectTables('', { names: true, podNames: true });
  tables.syncedSources.put('test', { sinceMs: 0 });
  return tables;
}

const NOW = () => 1_700_000_000;

describe('a zone', () => {
  it('never lets the type asked decide whether a name exists', () => {
    fc.assert(
      fc.property(histories, options, questions, (history, options, names) => {
        const tables = someTables();
        take(tables, history.flat());
        const zone = new ClusterZone(tables, options, NOW);
        for (const name of names) {
          const exists = TYPES.map((type) => {
            const found = zone.lookup({ name, type, class: 1 });
            return found !== undefined && ('target' in found || found.rcode !== RCODE.NXDOMAIN);
          });
          expect({ name, exists: new Set(exists).size }).toEqual({ name, exists: 1 });
        }
      }),
    );
  });

  it('knows at any time what one made anew would know', () => {
    fc.assert(
      fc.property(histories, options, questions, (history, options, names) => {
        const tables = someTables();
        const zone = new ClusterZone(tables, options, NOW);
        for (const steps of history) {
          take(tables, steps);
          const fresh = new ClusterZone(tables, options, NOW);
          for (const name of [...names, ...REVERSE]) {
            for (const type of TYPES) {
              const question = { name, type, class: 1 };
              expect({ question, found: sorted(zone.lookup(question)) }).toEqual({
                question,
                found: sorted(fresh.lookup(question)),
              });
            }
          }
          fresh.close();
        }
      }),
    );
  });
});

describe('what is answered', () => {
  it('can be read by others, however long names are', () => {
    const domains = fc.constantFrom(`${'y'.repeat(63)}.${'z'.repeat(50)}`, 'x.y', 'cluster.local');
    fc.assert(
      fc.property(histories, options, domains, questions, (history, given, domain, names) => {
        const tables = someTables();
        take(tables, history.flat());
        const zone = new ClusterZone(tables, { ...given, domain }, NOW);
        for (const asked of [...names, ...REVERSE]) {
          const name = asked.replace(/cluster\.local$/, domain);
          // Longer ones can't be asked.
          if (encodeName(name) === undefined) continue;
          for (const type of ['A', 'AAAA', 'SRV', 'PTR', 'NS', 'SOA', 'CNAME'] as const)
            ask(zone, type, name);
        }
      }),
    );
  });
});

/** In which order records stand depends on the order in which slices came. */
function sorted(found: ReturnType<ClusterZone['lookup']>): unknown {
  if (found === undefined || 'target' in found) return found;
  const records = (list: { readonly bytes: Uint8Array; readonly offsets: readonly number[] }) =>
    list.offsets
      .slice(1)
      .map((end, index) => Buffer.from(list.bytes.subarray(list.offsets[index], end)).toString('hex'))
      .sort();
  const { answer, authority, additional, ...rest } = found;
  return { ...rest, answer: records(answer), authority: records(authority), additional: records(additional) };
}
