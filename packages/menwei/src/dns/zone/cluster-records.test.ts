/** The records of dns § 2 and the negative answers of § 3, also where CoreDNS has cases of its own: objects, question, whole answer. */
import { ask } from '@menwei/testing/dns/zone-answers.ts';
import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { Service, WatchedObject } from '../../kubernetes/objects.ts';
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
  ownAddresses: [],
};

const HTTP = [{ name: 'http', port: 80 }];
const headless = (fields: Parameters<typeof aService>[0] = {}): Service =>
  aService({ isHeadless: true, clusterIPs: {}, ports: HTTP, ...fields });
const external = (name: string, externalName: string): Service =>
  aService({ name, type: 'ExternalName', externalName, clusterIPs: {}, ports: HTTP });
const namespace = (name: string): WatchedObject => ({
  kind: 'Namespace',
  namespace: '',
  name,
  labels: new Map(),
});

/** Of both families, with two that share a host name. */
const PEERS: readonly WatchedObject[] = [
  headless({ name: 'peers' }),
  aSlice({
    name: 'peers-4',
    serviceName: 'peers',
    ports: HTTP,
    endpoints: ['10.0.0.2', '10.0.0.3', '10.0.0.4'],
    hosts: new Map([
      ['10.0.0.3', { hostname: 'twin', podName: '' }],
      ['10.0.0.4', { hostname: 'twin', podName: '' }],
    ]),
  }),
  aSlice({
    name: 'peers-6',
    serviceName: 'peers',
    addressType: 'IPv6',
    ports: HTTP,
    endpoints: ['fd00::2', 'fd00:1::'],
  }),
];
const PORTLESS: readonly WatchedObject[] = [
  headless({ name: 'bare', ports: [] }),
  aSlice({ name: 'bare-1', serviceName: 'bare', ports: [], endpoints: ['10.0.1.1'] }),
];
const NAMED_PORTS: readonly WatchedObject[] = [
  aService({
    name: 'many',
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', protocol: 'UDP', port: 53 },
      { name: '', protocol: 'SCTP', port: 99 },
    ],
  }),
];
const SAME_POD: readonly WatchedObject[] = ['one', 'two'].flatMap((name) => [
  headless({ name }),
  aSlice({
    name,
    serviceName: name,
    ports: HTTP,
    endpoints: ['10.0.2.1'],
    hosts: new Map([['10.0.2.1', { hostname: 'host', podName: '' }]]),
  }),
]);

const svc = (name: string) => `${name}.ns.svc.cluster.local`;
const srv = (owner: string, weight: number, port: number, target: string) =>
  `${owner} SRV ${JSON.stringify({ priority: 0, weight, port, target })}`;
const SOA = [expect.stringMatching(/^cluster\.local SOA .*"mname":"ns.dns.cluster.local".*"serial":17,/)];
const NODATA = { rcode: 'NOERROR', answers: [], authority: SOA };
const NXDOMAIN = { rcode: 'NXDOMAIN', answers: [], authority: SOA };
const found = (...answers: readonly string[]) => ({ rcode: 'NOERROR', answers });

type Row = readonly [
  title: string,
  objects: readonly WatchedObject[],
  type: keyof typeof TYPE,
  name: string,
  expected: unknown,
  options?: Partial<ClusterZoneOptions>,
];

const HEADLESS: readonly Row[] = [
  [
    'each address of the family asked',
    PEERS,
    'AAAA',
    svc('peers'),
    found(`${svc('peers')} AAAA fd00::2`, `${svc('peers')} AAAA fd00:1::`),
  ],
  [
    'all addresses that share a host name',
    PEERS,
    'A',
    svc('twin.peers'),
    found(`${svc('twin.peers')} A 10.0.0.3`, `${svc('twin.peers')} A 10.0.0.4`),
  ],
  ['no address for who has a host name', PEERS, 'A', svc('10-0-0-3.peers'), NXDOMAIN],
  ['the other family of a host name', PEERS, 'AAAA', svc('twin.peers'), NODATA],
  [
    'a host name that would end in a dash',
    PEERS,
    'AAAA',
    svc('fd00-1--0.peers'),
    found(`${svc('fd00-1--0.peers')} AAAA fd00:1::`),
  ],
  ['not the same with a dash at its end', PEERS, 'AAAA', svc('fd00-1--.peers'), NXDOMAIN],
  [
    'one server for a host name, weighted before it is merged',
    PEERS,
    'SRV',
    svc('_http._tcp.peers'),
    {
      ...found(
        ...['10-0-0-2', 'twin', 'fd00--2', 'fd00-1--0'].map((host) =>
          srv(svc('_http._tcp.peers'), 20, 80, svc(`${host}.peers`)),
        ),
      ),
      additional: [
        `${svc('10-0-0-2.peers')} A 10.0.0.2`,
        `${svc('twin.peers')} A 10.0.0.3`,
        `${svc('twin.peers')} A 10.0.0.4`,
        `${svc('fd00--2.peers')} AAAA fd00::2`,
        `${svc('fd00-1--0.peers')} AAAA fd00:1::`,
      ],
    },
  ],
  ['an address without a port', PORTLESS, 'A', svc('bare'), found(`${svc('bare')} A 10.0.1.1`)],
  ['no server without a port', PORTLESS, 'SRV', svc('bare'), NODATA],
  ['no server of a port that no slice has', PORTLESS, 'SRV', svc('_http._tcp.bare'), NXDOMAIN],
  [
    'one name for each Service of an endpoint',
    SAME_POD,
    'PTR',
    '1.2.0.10.in-addr.arpa',
    found(`1.2.0.10.in-addr.arpa PTR ${svc('host.one')}`, `1.2.0.10.in-addr.arpa PTR ${svc('host.two')}`),
  ],
  [
    'the name of an endpoint for all types',
    SAME_POD,
    'A',
    '1.2.0.10.in-addr.arpa',
    expect.objectContaining({ rcode: 'NOERROR', answers: [] }),
  ],
  [
    'the names of pods, where they are asked for',
    [
      headless({ name: 'sts' }),
      aSlice({
        serviceName: 'sts',
        ports: HTTP,
        endpoints: ['10.0.3.1'],
        hosts: new Map([['10.0.3.1', { hostname: '', podName: 'sts-0' }]]),
      }),
    ],
    'A',
    svc('sts-0.sts'),
    found(`${svc('sts-0.sts')} A 10.0.3.1`),
    { endpointPodNames: true },
  ],
];

const CLUSTER: readonly Row[] = [
  [
    'all ports, unnamed ones too, where none is asked for',
    NAMED_PORTS,
    'SRV',
    svc('many'),
    {
      ...found(...[80, 53, 99].map((port) => srv(svc('many'), 33, port, svc('many')))),
      additional: [`${svc('many')} A 172.30.0.1`],
    },
  ],
  [
    'the port of the protocol',
    NAMED_PORTS,
    'SRV',
    svc('_dns._udp.many'),
    {
      ...found(srv(svc('_dns._udp.many'), 100, 53, svc('many'))),
      additional: [`${svc('many')} A 172.30.0.1`],
    },
  ],
  ['no unnamed port', NAMED_PORTS, 'SRV', svc('_._sctp.many'), NXDOMAIN],
  ['what names of ports are below', NAMED_PORTS, 'A', svc('_tcp.many'), NODATA],
  ['nothing where no named port has the protocol', NAMED_PORTS, 'A', svc('_sctp.many'), NXDOMAIN],
  ['no labels without their underscores', NAMED_PORTS, 'SRV', svc('http.tcp.many'), NXDOMAIN],
  ['only the name for another type', NAMED_PORTS, 'HINFO', svc('many'), NODATA],
  [
    'one name of an address that two claim: the older one has it',
    [
      aService({ name: 'a', createdAtMs: 2 }),
      aService({ name: 'b', createdAtMs: 1 }),
      aService({ name: 'c' }),
    ],
    'PTR',
    '1.0.30.172.in-addr.arpa',
    found(`1.0.30.172.in-addr.arpa PTR ${svc('b')}`),
  ],
  [
    'the cluster address before an endpoint of another Service',
    [
      aService({ name: 'web' }),
      headless({ name: 'via' }),
      aSlice({ serviceName: 'via', endpoints: ['172.30.0.1'] }),
    ],
    'PTR',
    '1.0.30.172.in-addr.arpa',
    found(`1.0.30.172.in-addr.arpa PTR ${svc('web')}`),
  ],
  ['nothing for a part of an address', NAMED_PORTS, 'PTR', '0.30.172.in-addr.arpa', 'not ours'],
  [
    'nothing for an address in a name of the cluster',
    NAMED_PORTS,
    'PTR',
    '1.0.30.172.cluster.local',
    NXDOMAIN,
  ],
  ['no name of a zone in a Service', NAMED_PORTS, 'A', svc('west.pin._zone.many'), NXDOMAIN],
  ['neither svc nor pod', NAMED_PORTS, 'A', 'many.ns.pood.cluster.local', NXDOMAIN],
];

const EXTERNAL = [external('ext', 'example.org'), external('bad', '')];
const OTHERS: readonly Row[] = [
  [
    'the alias alone for a type that is no address',
    EXTERNAL,
    'TXT',
    svc('ext'),
    found(`${svc('ext')} CNAME example.org`),
  ],
  ['no endpoint of an alias', EXTERNAL, 'CNAME', svc('host.ext'), NXDOMAIN],
  ['no port of an alias', EXTERNAL, 'SRV', svc('_http._tcp.ext'), NXDOMAIN],
  ['nothing below an endpoint of an alias', EXTERNAL, 'CNAME', svc('a.b.ext'), NXDOMAIN],
  ['a name without records for an address', EXTERNAL, 'CNAME', svc('bad'), NODATA],
  ['an empty namespace', [namespace('empty')], 'A', 'empty.svc.cluster.local', NODATA],
  ['no Service in it', [namespace('empty')], 'A', 'web.empty.svc.cluster.local', NXDOMAIN],
  ['a namespace as long as a Service is in it', [aService()], 'NS', 'ns.svc.cluster.local', NODATA],
  ['its Service, too', [aService()], 'A', svc('web'), found(`${svc('web')} A 172.30.0.1`)],
  ['the subdomain of pods', [], 'A', 'pod.cluster.local', NODATA],
  ['the namespace of pods', [namespace('ns')], 'A', 'ns.pod.cluster.local', NODATA],
  [
    'a pod by its address',
    [namespace('ns')],
    'AAAA',
    'fd00--1.ns.pod.cluster.local',
    found('fd00--1.ns.pod.cluster.local AAAA fd00::1'),
  ],
  ['a pod of the other family', [namespace('ns')], 'A', 'fd00--1.ns.pod.cluster.local', NODATA],
  ['no pod of more labels', [namespace('ns')], 'A', 'a.10-0-0-1.ns.pod.cluster.local', NXDOMAIN],
  [
    'no pod where they have no names',
    [namespace('ns')],
    'A',
    '10-0-0-1.ns.pod.cluster.local',
    NXDOMAIN,
    { pods: 'disabled' },
  ],
  [
    'a pod that is an endpoint',
    PEERS,
    'A',
    '10-0-0-2.ns.pod.cluster.local',
    found('10-0-0-2.ns.pod.cluster.local A 10.0.0.2'),
    { pods: 'verified' },
  ],
  ['no pod that is none', PEERS, 'A', '10-0-0-9.ns.pod.cluster.local', NXDOMAIN, { pods: 'verified' }],
  [
    'no pod of another namespace',
    [...PEERS, namespace('other')],
    'A',
    '10-0-0-2.other.pod.cluster.local',
    NXDOMAIN,
    { pods: 'verified' },
  ],
];

const DNS_SERVICE = aService({
  namespace: 'kube-system',
  name: 'kube-dns',
  clusterIPs: { IPv4: '172.30.0.10', IPv6: 'fd00:30::a' },
  ports: [{ name: 'dns', protocol: 'UDP', port: 53 }],
});
const DNS_SLICE = aSlice({ namespace: 'kube-system', serviceName: 'kube-dns', endpoints: ['10.0.9.1'] });
const SAME_ADDRESS = [
  aService({ name: 'kubernetes' }),
  aSlice({ serviceName: 'kubernetes', endpoints: ['10.0.9.1'] }),
];
const NAME_SERVERS: readonly Row[] = [
  [
    'the Service that leads here, at its own addresses',
    [DNS_SERVICE, DNS_SLICE],
    'NS',
    'cluster.local',
    {
      ...found('cluster.local NS kube-dns.kube-system.svc.cluster.local'),
      additional: [
        'kube-dns.kube-system.svc.cluster.local A 172.30.0.10',
        'kube-dns.kube-system.svc.cluster.local AAAA fd00:30::a',
      ],
    },
    { ownAddresses: ['10.0.9.1'] },
  ],
  [
    'this server by itself, where other Services alone have its address',
    SAME_ADDRESS,
    'NS',
    'cluster.local',
    { ...found('cluster.local NS ns.dns.cluster.local'), additional: ['ns.dns.cluster.local A 10.0.9.1'] },
    { ownAddresses: ['10.0.9.1'] },
  ],
  [
    'the address of that name',
    [],
    'A',
    'ns.dns.cluster.local',
    found('ns.dns.cluster.local A 10.0.9.1'),
    { ownAddresses: ['10.0.9.1'] },
  ],
  ['what it is below', [], 'A', 'dns.cluster.local', NODATA],
  ['nothing else there', [], 'A', 'x.dns.cluster.local', NXDOMAIN],
];

const GROUPS: readonly (readonly [string, readonly Row[]])[] = [
  ['a headless Service has', HEADLESS],
  ['a Service has', CLUSTER],
  ['name servers are', NAME_SERVERS],
  ['the cluster has', OTHERS],
];

for (const [whose, rows] of GROUPS) {
  describe(whose, () => {
    for (const [title, objects, type, name, expected, options] of rows) {
      it(title, () => {
        const tables = new ObjectTables('', { names: true, podNames: true });
        for (const object of objects) tables.put(object);
        tables.syncedSources.put('test', { sinceMs: 0 });
        expect(ask(new ClusterZone(tables, { ...OPTIONS, ...options }, () => 17), type, name)).toEqual(
          expected,
        );
      });
    }
  });
}
