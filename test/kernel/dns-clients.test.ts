/**
 * `menwei dns` and the clients that are: dig and kdig for every row of the DNS specification of Kubernetes, the resolvers of glibc,
 * musl, Node.js and busybox with the search list of a pod (dns §§ 2, 3, 10).
 */
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Libc, ResolverClients } from './resolver-clients.ts';
import { TestFolder } from './run-cluster.ts';
import { RunProcess } from './run-process.ts';

const run = promisify(execFile);

const OBJECTS = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIPs: [10.96.0.80, 'fd00:96::80'], clusterIP: 10.96.0.80, ipFamilies: [IPv4, IPv6], ports: [{name: http, port: 80}, {name: dns, protocol: UDP, port: 53}]}
---
apiVersion: v1
kind: Service
metadata: {name: four, namespace: shop}
spec: {clusterIP: 10.96.0.4, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: 7days, namespace: shop}
spec: {clusterIP: 10.96.0.7, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, ports: [{name: sql, port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db, service.kubernetes.io/headless: ''}}
addressType: IPv4
ports: [{name: sql, port: 5432, protocol: TCP}]
endpoints:
  - {addresses: [10.244.1.5], hostname: db-0, conditions: {ready: true}}
  - {addresses: [10.244.2.5], hostname: db-1, conditions: {ready: true}}
  - {addresses: [10.244.3.5], hostname: db-2, conditions: {ready: false}}
---
apiVersion: v1
kind: Service
metadata: {name: empty, namespace: shop}
spec: {clusterIP: None, ports: [{name: sql, port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: shop}
spec: {type: ExternalName, externalName: www.example.test}
---
apiVersion: v1
kind: Service
metadata: {name: inside, namespace: shop}
spec: {type: ExternalName, externalName: web.shop.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: nowhere, namespace: shop}
spec: {type: ExternalName, externalName: missing.example.test}
`;

const RESOLV_CONF = `nameserver 127.0.0.1
search shop.svc.cluster.local svc.cluster.local cluster.local example.test
options ndots:5
`;

const UPSTREAM = [
  '--port=5300',
  '--listen-address=127.0.0.2',
  '--bind-interfaces',
  '--keep-in-foreground',
  '--conf-file=/dev/null',
  '--no-resolv',
  '--no-hosts',
  '--user=root',
  '--pid-file=',
  '--local=/test/',
  '--host-record=www.example.test,192.0.2.80,2001:db8::80',
];

const folder = new TestFolder();
const upstream = { child: undefined as ReturnType<typeof spawn> | undefined };
let server: RunProcess;
let clients: ResolverClients;

beforeAll(async () => {
  upstream.child = spawn('dnsmasq', UPSTREAM, { stdio: 'ignore' });
  folder.write('objects.yaml', OBJECTS);
  server = RunProcess.start(
    ['--manifests', folder.path, '--dns-bind', '127.0.0.1:53', '--dns-forward', '127.0.0.2:5300'],
    { command: 'dns' },
  );
  clients = await ResolverClients.build(folder, RESOLV_CONF);
});
afterAll(async () => {
  upstream.child?.kill();
  folder[Symbol.dispose]();
});

/** The lines, sorted, with one space between words. */
async function dig(...args: readonly string[]): Promise<readonly string[]> {
  return await ask('dig', ...args);
}

async function ask(program: 'dig' | 'kdig', ...args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await run(program, ['@127.0.0.1', '+time=2', ...args]).catch((error) => error);
  return String(stdout)
    .trim()
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' '))
    .filter((line) => line !== '')
    .sort();
}

/** rcode, then the records of the answer without their TTLs. */
async function answers(program: 'dig' | 'kdig', type: string, name: string): Promise<readonly string[]> {
  const header = program === 'dig' ? '+comments' : '+header';
  const said = await ask(program, '+noall', header, '+answer', '-t', type, name);
  const [status = 'no answer'] = said.flatMap((line) => /status: (\w+)/.exec(line)?.[1] ?? []);
  const records = said.filter((line) => !line.startsWith(';'));
  return [status, ...records.map((line) => line.replace(/^\S+ \d+ IN /, '')).sort()];
}

const ROWS: readonly (readonly [type: string, name: string, rcode: string, ...records: readonly string[]])[] =
  [
    ['TXT', 'dns-version.cluster.local', 'NOERROR', 'TXT "1.1.0"'],
    ['A', 'web.shop.svc.cluster.local', 'NOERROR', 'A 10.96.0.80'],
    ['AAAA', 'web.shop.svc.cluster.local', 'NOERROR', 'AAAA fd00:96::80'],
    ['AAAA', 'four.shop.svc.cluster.local', 'NOERROR'],
    ['TYPE65', 'four.shop.svc.cluster.local', 'NOERROR'],
    ['MX', 'four.shop.svc.cluster.local', 'NOERROR'],
    ['A', 'WEB.Shop.svc.Cluster.Local', 'NOERROR', 'A 10.96.0.80'],
    ['A', 'db.shop.svc.cluster.local', 'NOERROR', 'A 10.244.1.5', 'A 10.244.2.5'],
    ['AAAA', 'db.shop.svc.cluster.local', 'NOERROR'],
    ['A', 'empty.shop.svc.cluster.local', 'NXDOMAIN'],
    ['A', 'db-1.db.shop.svc.cluster.local', 'NOERROR', 'A 10.244.2.5'],
    ['A', 'db-2.db.shop.svc.cluster.local', 'NXDOMAIN'],
    ['SRV', '_http._tcp.web.shop.svc.cluster.local', 'NOERROR', 'SRV 0 50 80 web.shop.svc.cluster.local.'],
    ['SRV', '_dns._udp.web.shop.svc.cluster.local', 'NOERROR', 'SRV 0 50 53 web.shop.svc.cluster.local.'],
    ['SRV', '_dns._tcp.web.shop.svc.cluster.local', 'NXDOMAIN'],
    [
      'SRV',
      '_sql._tcp.db.shop.svc.cluster.local',
      'NOERROR',
      'SRV 0 50 5432 db-0.db.shop.svc.cluster.local.',
      'SRV 0 50 5432 db-1.db.shop.svc.cluster.local.',
    ],
    ['PTR', '80.0.96.10.in-addr.arpa', 'NOERROR', 'PTR web.shop.svc.cluster.local.'],
    ['PTR', '5.1.244.10.in-addr.arpa', 'NOERROR', 'PTR db-0.db.shop.svc.cluster.local.'],
    ['CNAME', 'outside.shop.svc.cluster.local', 'NOERROR', 'CNAME www.example.test.'],
    ['A', 'outside.shop.svc.cluster.local', 'NOERROR', 'A 192.0.2.80', 'CNAME www.example.test.'],
    ['A', 'inside.shop.svc.cluster.local', 'NOERROR', 'A 10.96.0.80', 'CNAME web.shop.svc.cluster.local.'],
    ['A', 'nowhere.shop.svc.cluster.local', 'NXDOMAIN', 'CNAME missing.example.test.'],
    ['A', '10-244-9-9.shop.pod.cluster.local', 'NOERROR', 'A 10.244.9.9'],
    ['A', 'cluster.local', 'NOERROR'],
    ['A', 'shop.svc.cluster.local', 'NOERROR'],
    ['A', 'other.svc.cluster.local', 'NXDOMAIN'],
    ['A', 'www.example.test', 'NOERROR', 'A 192.0.2.80'],
    ['A', 'missing.example.test', 'NXDOMAIN'],
  ];

it('answers soon after its start', async () => {
  await expect.poll(() => dig('+short', 'four.shop.svc.cluster.local')).toEqual(['10.96.0.4']);
});

describe.each(['dig', 'kdig'] as const)('%s', (program) => {
  it.each(ROWS)('asks for %s of %s', async (type, name, rcode, ...records) => {
    expect(await answers(program, type, name)).toEqual([rcode, ...records.toSorted()]);
  });

  it('asks by TCP, too', async () => {
    expect(await ask(program, '+tcp', '+short', 'web.shop.svc.cluster.local')).toEqual(['10.96.0.80']);
  });
});

describe.each(['glibc', 'musl'] as const)('the resolver of %s', (libc: Libc) => {
  it.each([
    ['web', '10.96.0.80', 'fd00:96::80'],
    ['web.shop', '10.96.0.80', 'fd00:96::80'],
    ['web.shop.svc', '10.96.0.80', 'fd00:96::80'],
    ['web.shop.svc.cluster.local', '10.96.0.80', 'fd00:96::80'],
    ['web.shop.svc.cluster.local.', '10.96.0.80', 'fd00:96::80'],
    // Of one family: that the other is asked for, too, must not hide it.
    ['four', '10.96.0.4'],
    ['7days', '10.96.0.7'],
    ['db', '10.244.1.5', '10.244.2.5'],
    ['db-0.db', '10.244.1.5'],
    ['outside', '192.0.2.80', '2001:db8::80'],
    ['inside', '10.96.0.80', 'fd00:96::80'],
    ['www.example.test', '192.0.2.80', '2001:db8::80'],
    // Only the last entry of the search list has it.
    ['www', '192.0.2.80', '2001:db8::80'],
  ])('finds %s', async (name, ...expected) => {
    expect(await clients.lookup(libc, name)).toEqual(expected.toSorted());
  });

  it('finds one family when it asks for that alone', async () => {
    expect(await clients.lookup(libc, 'web', '4')).toEqual(['10.96.0.80']);
    expect(await clients.lookup(libc, 'web', '6')).toEqual(['fd00:96::80']);
  });

  it.each(['empty', 'nowhere', 'missing.other', 'db-2.db'])('does not find %s', async (name) => {
    expect(String(await clients.lookup(libc, name))).not.toMatch(/\d+\.\d+/);
  });
});

it.each([
  ['web', '10.96.0.80', 'fd00:96::80'],
  ['db', '10.244.1.5', '10.244.2.5'],
  ['outside', '192.0.2.80', '2001:db8::80'],
])('Node.js finds %s', async (name, ...expected) => {
  expect(await clients.node(name)).toEqual(expected.toSorted());
});

it('busybox finds a Service', async () => {
  expect(await clients.busybox('web.shop.svc.cluster.local')).toContain('10.96.0.80');
});

it('has nothing to complain of, and ends', async () => {
  expect(server.log('W')).toEqual([]);
  expect(server.log('E')).toEqual([]);
  await server.end('SIGKILL');
});
