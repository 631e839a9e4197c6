import { ask } from '@menwei/testing/dns/zone-answers.ts';
import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { ObjectTables } from '../../state/object-tables.ts';
import type { TYPE } from '../wire/question.ts';
import { ClusterZone } from './cluster-zone.ts';
import type { ClusterZoneOptions } from './zone-options.ts';

const OPTIONS: ClusterZoneOptions = {
  domain: 'cluster.local',
  ttlSeconds: 5,
  negativeTtlSeconds: 5,
  pods: 'insecure',
  endpointPodNames: false,
  ownAddresses: ['172.30.0.10'],
};

function aWorld(): ObjectTables {
  const tables = new ObjectTables('', { names: true });
  const dual = { IPv4: '172.30.0.1', IPv6: 'fd00:30::1' };
  tables.put(
    aService({
      name: 'web',
      clusterIPs: dual,
      ports: [
        { name: 'http', port: 80 },
        { name: 'udp', protocol: 'UDP', port: 53 },
      ],
    }),
  );
  tables.put(aSlice({ name: 'web-1', ports: [{ name: 'http', port: 8080 }], endpoints: ['10.0.0.1'] }));
  tables.put(
    aService({ name: 'db', isHeadless: true, clusterIPs: {}, ports: [{ name: 'sql', port: 5432 }] }),
  );
  tables.put(
    aSlice({
      name: 'db-1',
      serviceName: 'db',
      ports: [{ name: 'sql', port: 5432 }],
      endpoints: ['10.0.0.2', '10.0.0.3', { ip: '10.0.0.4', ready: false }],
      hosts: new Map([['10.0.0.2', { hostname: 'db-0', podName: 'db-0' }]]),
    }),
  );
  tables.put(aService({ name: 'none', isHeadless: true, clusterIPs: {} }));
  tables.put(
    aService({ name: 'ext', type: 'ExternalName', externalName: 'example.org', clusterIPs: {}, ports: [] }),
  );
  tables.put(aService({ name: 'bad', type: 'ExternalName', externalName: '', clusterIPs: {}, ports: [] }));
  tables.put(
    aService({
      namespace: 'kube-system',
      name: 'kube-dns',
      clusterIPs: { IPv4: '172.30.0.10' },
      ports: [{ name: 'dns', protocol: 'UDP', port: 53 }],
    }),
  );
  tables.syncedSources.put('test', { sinceMs: 0 });
  return tables;
}

const SOA = [expect.stringMatching(/^cluster\.local SOA .*"serial":1700000000/)];
const NXDOMAIN = { rcode: 'NXDOMAIN', answers: [], authority: SOA };
const NODATA = { rcode: 'NOERROR', answers: [], authority: SOA };

const found = (...answers: readonly string[]) => ({ rcode: 'NOERROR', answers });
const CASES: readonly (readonly [keyof typeof TYPE, string, unknown])[] = [
  ['A', 'web.ns.svc.cluster.local', found('web.ns.svc.cluster.local A 172.30.0.1')],
  ['AAAA', 'web.ns.svc.cluster.local', found('web.ns.svc.cluster.local AAAA fd00:30::1')],
  ['TXT', 'web.ns.svc.cluster.local', NODATA],
  [
    'A',
    'db.ns.svc.cluster.local',
    found('db.ns.svc.cluster.local A 10.0.0.2', 'db.ns.svc.cluster.local A 10.0.0.3'),
  ],
  ['AAAA', 'db.ns.svc.cluster.local', NODATA],
  ['A', 'none.ns.svc.cluster.local', NXDOMAIN],
  [
    'A',
    'ext.ns.svc.cluster.local',
    { alias: 'example.org', answers: ['ext.ns.svc.cluster.local CNAME example.org'] },
  ],
  ['CNAME', 'ext.ns.svc.cluster.local', found('ext.ns.svc.cluster.local CNAME example.org')],
  ['SRV', 'ext.ns.svc.cluster.local', NODATA],
  ['A', 'bad.ns.svc.cluster.local', NODATA],
  ['A', 'db-0.db.ns.svc.cluster.local', found('db-0.db.ns.svc.cluster.local A 10.0.0.2')],
  ['A', '10-0-0-3.db.ns.svc.cluster.local', found('10-0-0-3.db.ns.svc.cluster.local A 10.0.0.3')],
  ['A', '10-0-0-4.db.ns.svc.cluster.local', NXDOMAIN],
  ['A', '10-0-0-1.web.ns.svc.cluster.local', found('10-0-0-1.web.ns.svc.cluster.local A 10.0.0.1')],
  [
    'SRV',
    '_http._tcp.web.ns.svc.cluster.local',
    {
      ...found(
        '_http._tcp.web.ns.svc.cluster.local SRV {"priority":0,"weight":50,"port":80,"target":"web.ns.svc.cluster.local"}',
      ),
      additional: ['web.ns.svc.cluster.local A 172.30.0.1', 'web.ns.svc.cluster.local AAAA fd00:30::1'],
    },
  ],
  ['SRV', '_http._udp.web.ns.svc.cluster.local', NXDOMAIN],
  ['A', '_http._tcp.web.ns.svc.cluster.local', NODATA],
  [
    'SRV',
    '_sql._tcp.db.ns.svc.cluster.local',
    {
      ...found(
        '_sql._tcp.db.ns.svc.cluster.local SRV {"priority":0,"weight":50,"port":5432,"target":"db-0.db.ns.svc.cluster.local"}',
        '_sql._tcp.db.ns.svc.cluster.local SRV {"priority":0,"weight":50,"port":5432,"target":"10-0-0-3.db.ns.svc.cluster.local"}',
      ),
      additional: ['db-0.db.ns.svc.cluster.local A 10.0.0.2', '10-0-0-3.db.ns.svc.cluster.local A 10.0.0.3'],
    },
  ],
  ['PTR', '1.0.30.172.in-addr.arpa', found('1.0.30.172.in-addr.arpa PTR web.ns.svc.cluster.local')],
  ['PTR', '2.0.0.10.in-addr.arpa', found('2.0.0.10.in-addr.arpa PTR db-0.db.ns.svc.cluster.local')],
  ['PTR', '9.9.9.9.in-addr.arpa', 'not ours'],
  [
    'PTR',
    '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.0.0.0.0.d.f.ip6.arpa',
    found(
      '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.0.0.0.0.d.f.ip6.arpa PTR web.ns.svc.cluster.local',
    ),
  ],
  ['TXT', 'dns-version.cluster.local', found('dns-version.cluster.local TXT 1.1.0')],
  ['A', 'dns-version.cluster.local', NODATA],
  ['A', 'cluster.local', NODATA],
  ['A', 'svc.cluster.local', NODATA],
  ['A', 'ns.svc.cluster.local', NODATA],
  ['A', 'other.svc.cluster.local', NXDOMAIN],
  ['A', 'foo.cluster.local', NXDOMAIN],
  ['A', 'a.b.c.web.ns.svc.cluster.local', NXDOMAIN],
  ['A', '10-1-2-3.ns.pod.cluster.local', found('10-1-2-3.ns.pod.cluster.local A 10.1.2.3')],
  ['A', '10-1-2-3.other.pod.cluster.local', NXDOMAIN],
  ['A', 'nonsense.ns.pod.cluster.local', NXDOMAIN],
  ['SOA', 'cluster.local', { rcode: 'NOERROR', answers: SOA }],
  [
    'NS',
    'cluster.local',
    {
      ...found('cluster.local NS kube-dns.kube-system.svc.cluster.local'),
      additional: ['kube-dns.kube-system.svc.cluster.local A 172.30.0.10'],
    },
  ],
  ['SOA', 'web.ns.svc.cluster.local', NODATA],
  ['A', 'example.org', 'not ours'],
  ['A', 'web.ns.svc.cluster\\.local', 'not ours'],
];

describe('the names of a cluster', () => {
  it.each(CASES)('%s %s', (type, name, expected) => {
    expect(ask(new ClusterZone(aWorld(), OPTIONS, () => 1_700_000_000), type, name)).toEqual(expected);
  });

  it('follow the objects at once', () => {
    const tables = aWorld();
    const zone = new ClusterZone(tables, OPTIONS, () => 1_700_000_000);
    expect(ask(zone, 'A', 'web.ns.svc.cluster.local')).toEqual(
      found('web.ns.svc.cluster.local A 172.30.0.1'),
    );
    tables.put(aService({ name: 'web', clusterIPs: { IPv4: '172.30.0.2' } }));
    expect(ask(zone, 'A', 'web.ns.svc.cluster.local')).toEqual(
      found('web.ns.svc.cluster.local A 172.30.0.2'),
    );
    expect(ask(zone, 'PTR', '1.0.30.172.in-addr.arpa')).toBe('not ours');
    tables.delete({ kind: 'Service', namespace: 'ns', name: 'web' });
    expect(ask(zone, 'A', 'web.ns.svc.cluster.local')).toEqual(NXDOMAIN);
  });

  it('are not said to be missing before everything is listed', () => {
    const zone = new ClusterZone(new ObjectTables('', { names: true }), OPTIONS, () => 1_700_000_000);
    expect(ask(zone, 'A', 'web.ns.svc.cluster.local')).toMatchObject({ rcode: 'SERVFAIL' });
  });
});
