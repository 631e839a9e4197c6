/** What sources read for load balancing beside what a proxy looks at: API server, store of a cluster, `--lb-config`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeApiServer, sendStatus } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../cluster/store/local-store.ts';
import { type ApiClient, createApiClient } from '../kubernetes/api-client.ts';
import { plainConnection } from '../kubernetes/connection.ts';
import { formatProblem, type Problem } from '../kubernetes/objects.ts';
import { type Logger, silentLogger } from '../log/logger.ts';
import { ObjectTables } from '../state/object-tables.ts';
import { createApiServerSource } from './api-server.ts';
import { createClusterSource } from './cluster.ts';
import {
  announcerFollowing,
  announcingProxyFollowing,
  CONFIGURATION_KINDS,
  controllerFollowing,
  type Following,
} from './following.ts';
import { createManifestSource } from './manifests/manifest-source.ts';

const SERVICES = '/api/v1/services';
const NODES = '/api/v1/nodes';
const NAMESPACES = '/api/v1/namespaces';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/menwei/leases';
const METALLB_POOLS = '/apis/metallb.io/v1beta1/ipaddresspools';
const OWN_POOLS = '/apis/menwei.dev/v1alpha1/ipaddresspools';

const spec = { clusterIP: '172.30.0.41', ports: [{ port: 80 }] };
const metadata = { namespace: 'a', name: 'web', creationTimestamp: '2026-01-01T00:00:00Z' };
const service = (name: string, more: object = {}, labels: object = {}) => ({
  kind: 'Service',
  apiVersion: 'v1',
  metadata: { ...metadata, name, uid: name, labels },
  spec: { ...spec, ...more },
});
const balanced = service('web', { type: 'LoadBalancer' });
const foreign = service(
  'other',
  { type: 'LoadBalancer' },
  { 'service.kubernetes.io/service-proxy-name': 'x' },
);
const node = (name: string) => ({ kind: 'Node', apiVersion: 'v1', metadata: { name, uid: name } });
const pool = (name: string, addresses = ['192.0.2.0/24'], namespace = 'menwei') => ({
  metadata: { name, namespace, uid: `${namespace}/${name}` },
  spec: { addresses },
});

let objects: ObjectTables;
let stop: AbortController;
let told: string[];
let running: Promise<unknown>[];

const report = (problem: Problem) => void told.push(formatProblem(problem));
const logger: Logger = {
  ...silentLogger,
  info: (_, message) => void told.push(message),
  warn: (_, message) => void told.push(message),
  error: (_, message) => void told.push(message),
};
const keys = (table: { readonly rows: ReadonlyMap<string, unknown> }) => [...table.rows.keys()].sort();
const until = (condition: () => boolean) => expect.poll(condition, { interval: 2 }).toBe(true);
const isComplete = () => objects.syncedLoadBalancing.rows.size > 0;

beforeEach(() => {
  objects = new ObjectTables('n1', { endpointNodes: true });
  stop = new AbortController();
  told = [];
  running = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.all(running);
});

describe('an API server', () => {
  let server: FakeApiServer;
  let client: ApiClient;

  beforeEach(async () => {
    server = await FakeApiServer.start({ tls: false });
    client = createApiClient(plainConnection(server.url), { userAgent: 'menwei/test', qps: -1, burst: 1 });
    server.install(LEASES, 'Lease');
    server.install(NAMESPACES, 'Namespace');
    server.put(SERVICES, balanced);
    server.put(SERVICES, service('plain'));
    server.put(SERVICES, foreign);
    server.put(NODES, node('n1'));
    server.put(NODES, node('n2'));
    server.put(NAMESPACES, { metadata: { name: 'a', labels: { team: 'x' } } });
    server.put(LEASES, {
      metadata: { name: 'menwei-announce-n1', namespace: 'menwei' },
      spec: { holderIdentity: 'n1', leaseDurationSeconds: 6, renewTime: '2026-01-02T03:04:05.678901Z' },
    });
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(running);
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  function start(following: Following): void {
    const fast = { firstMs: 5, maxMs: 10 };
    const timing = { retry: fast, withheldRetry: fast, shortestWatchMs: 0 };
    const source = createApiServerSource({ client, nodeName: 'n1', following, logger, report, timing });
    running.push(source.run(objects, stop.signal));
  }

  it('gives the controller the Services it may have to do with, all Nodes, Namespaces and Leases', async () => {
    start(controllerFollowing('menwei'));
    await until(isComplete);
    expect(keys(objects.services)).toEqual(['a/other', 'a/web']);
    expect(keys(objects.nodes)).toEqual(['/n1', '/n2']);
    expect(objects.namespaces.get('/a')?.labels.get('team')).toBe('x');
    expect(objects.leases.get('menwei/menwei-announce-n1')?.leaseDurationMs).toBe(6_000);
    expect(objects.syncedSources.rows.size).toBe(1);
  });

  it('tells the controller nothing of Services that are none of its business', async () => {
    server.put(SERVICES, service('broken', { ports: 7 }));
    server.put(SERVICES, service('worse', { type: 'LoadBalancer', ports: 7 }));
    start(controllerFollowing('menwei'));
    await until(isComplete);
    expect(told.filter((line) => line.startsWith('Service'))).toEqual([
      'Service a/worse: spec.ports: 7 is not a list',
    ]);
  });

  it('lets go of a Service that is no load balancer any more, once its traces are gone', async () => {
    start(controllerFollowing('menwei'));
    await until(isComplete);
    const former = service('web', { type: 'ClusterIP' });
    server.put(SERVICES, {
      ...former,
      metadata: { ...former.metadata, finalizers: ['menwei.dev/load-balancer'] },
    });
    await until(() => objects.services.get('a/web')?.type === 'ClusterIP');
    server.put(SERVICES, former);
    await until(() => objects.services.get('a/web') === undefined);
  });

  it('gives the proxy that announces what a proxy looks at, all Nodes and the Leases', async () => {
    start(announcingProxyFollowing('menwei'));
    await until(isComplete);
    const asked = server.requests.map(({ path, query }) => [path, query.labelSelector, query.fieldSelector]);
    expect(asked).toContainEqual([
      SERVICES,
      '!service.kubernetes.io/service-proxy-name',
      'spec.clusterIP!=None',
    ]);
    expect(asked.map(([path]) => path)).not.toContain(NAMESPACES);
    expect([keys(objects.nodes), objects.leases.rows.size]).toEqual([['/n1', '/n2'], 1]);
  });

  it('is waited for where it does not answer, and not by the proxy', async () => {
    const blocked = server.intercept(({ path }, response) => {
      if (path === LEASES) sendStatus(response, 503, 'starting');
      return path === LEASES;
    });
    start(announcerFollowing('menwei'));
    await until(() => objects.syncedSources.rows.size === 1);
    expect(isComplete()).toBe(false);
    blocked[Symbol.dispose]();
    await until(isComplete);
  });

  it('may get the kinds of pools later, and then has pools of both groups', async () => {
    start(controllerFollowing('menwei'));
    await until(isComplete);
    expect(told.some((line) => line.includes('continuing without IPAddressPools'))).toBe(true);
    server.install(METALLB_POOLS, 'IPAddressPool');
    server.put(METALLB_POOLS, pool('p', ['192.0.2.0/24'], 'metallb-system'));
    await until(() => objects.addressPools.rows.size === 1);
    server.install(OWN_POOLS, 'IPAddressPool');
    server.put(OWN_POOLS, pool('q'));
    server.put(OWN_POOLS, pool('p', ['198.51.100.0/24']));
    await until(() => objects.addressPools.rows.size === 2);
    const rivalry = 'IPAddressPool metallb-system/p of metallb.io has the same name, and that one is used';
    expect(told.filter((line) => line.includes('same name'))).toEqual([`IPAddressPool menwei/p: ${rivalry}`]);
    expect([...objects.stale.rows.values()].map(({ reason }) => reason)).toEqual([rivalry]);
    server.delete(METALLB_POOLS, 'metallb-system', 'p');
    await until(() => objects.stale.rows.size === 0);
    expect(objects.addressPools.get('IPAddressPool/p')?.ranges[0]?.text).toBe('198.51.100.0/24');
    server.delete(OWN_POOLS, 'menwei', 'p');
    await until(() => objects.addressPools.rows.size === 1);
  });

  it('keeps the last good version of a pool, and forgets one that went while nobody looked', async () => {
    server.install(OWN_POOLS, 'IPAddressPool');
    server.put(OWN_POOLS, pool('p'));
    server.put(OWN_POOLS, pool('q'));
    start(controllerFollowing('menwei'));
    await until(isComplete);
    server.put(OWN_POOLS, { ...pool('p'), spec: { addresses: [], autoasign: false } });
    await until(() => objects.stale.rows.size === 1);
    expect(objects.addressPools.get('IPAddressPool/p')?.ranges).toHaveLength(1);
    stop.abort();
    await Promise.all(running);
    stop = new AbortController();
    server.delete(OWN_POOLS, 'menwei', 'q');
    server.put(OWN_POOLS, pool('p'));
    start(controllerFollowing('menwei'));
    await until(() => objects.addressPools.rows.size === 1 && objects.stale.rows.size === 0);
  });

  it('that forbids pools of Cilium is no obstacle', async () => {
    using _ = server.intercept(({ path }, response) => {
      if (path.includes('cilium.io')) sendStatus(response, 403, 'cilium is forbidden');
      return path.includes('cilium.io');
    });
    start(controllerFollowing('menwei'));
    await until(isComplete);
  });

  it('that forbids pools has the controller wait, and says so', async () => {
    using _ = server.intercept(({ path }, response) => {
      if (path === OWN_POOLS) sendStatus(response, 403, 'ipaddresspools is forbidden');
      return path === OWN_POOLS;
    });
    start(controllerFollowing('menwei'));
    await until(() => told.some((line) => line.startsWith('ipaddresspools is forbidden; retrying')));
    expect(isComplete()).toBe(false);
  });
});

describe('the store of a cluster', () => {
  it('gives the same', async () => {
    const store = openMemoryStore({ fieldsOf: () => () => ({}) });
    const put = (resource: string, object: object) =>
      store.transact((transaction) =>
        transaction.put(resource, { kind: '', apiVersion: '', metadata: { name: '' }, ...object }),
      );
    for (const each of [balanced, foreign, service('plain')]) await put('services', each);
    for (const name of ['n1', 'n2']) await put('nodes', node(name));
    for (const namespace of ['menwei', 'kube-system'])
      await put('leases', { metadata: { name: 'l', namespace, uid: namespace } });
    await put('namespaces', { metadata: { name: 'a', uid: 'a' } });
    await put('ipaddresspools', { apiVersion: 'metallb.io/v1beta1', kind: 'IPAddressPool', ...pool('p') });
    const following = controllerFollowing('menwei');
    running.push(createClusterSource({ store, nodeName: '', following, report }).run(objects, stop.signal));
    await until(isComplete);
    expect(told).toEqual([]);
    expect(keys(objects.services)).toEqual(['a/other', 'a/web']);
    expect(keys(objects.nodes)).toEqual(['/n1', '/n2']);
    expect(keys(objects.leases)).toEqual(['menwei/l']);
    expect(keys(objects.addressPools)).toEqual(['IPAddressPool/p']);
    await store.transact((transaction) => transaction.delete('ipaddresspools', 'menwei', 'p'));
    await until(() => objects.addressPools.rows.size === 0);
  });
});

describe('files of pools beside another source', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'menwei-lb-config-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const file = (name = 'pools.yaml') => join(folder, name);
  const document = (addresses: string, name = 'p') =>
    `apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: {name: ${name}}\nspec:\n  addresses: [${addresses}]\n---\n`;

  function start(): void {
    const source = createManifestSource({
      paths: [folder],
      kinds: CONFIGURATION_KINDS,
      origin: 'lb-config',
      logger,
      report,
      removalDelayMs: 20,
    });
    running.push(source.run(objects, stop.signal));
  }

  it('are all that is read of them', async () => {
    const other = 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\n';
    const bgp = 'apiVersion: metallb.io/v1beta2\nkind: BGPPeer\nmetadata: {name: peer}\n---\n';
    await writeFile(file(), document('192.0.2.0/24') + other + bgp);
    start();
    await until(isComplete);
    expect([keys(objects.addressPools), objects.services.rows.size]).toEqual([['IPAddressPool/p'], 0]);
    expect(objects.syncedSources.rows.size).toBe(0);
    expect(told).toEqual([
      'Manifests of kind v1 Service are ignored',
      'Manifests of kind metallb.io/v1beta2 BGPPeer are passed over: BGP is not built',
    ]);
  });

  it('are followed; one that breaks keeps what it said last, and is named with its line', async () => {
    await writeFile(file(), document('192.0.2.0/24'));
    start();
    await until(isComplete);
    await writeFile(file(), document('192.0.2.1/24') + document('192.0.3.0/24', 'q'));
    await until(() => objects.addressPools.rows.size === 2);
    expect(told).toEqual([
      `${file()}:5: IPAddressPool p: spec.addresses[0]: 192.0.2.1/24 is not on its boundary: that network begins at 192.0.2.0; write 192.0.2.0/24 if all of it is meant, or 192.0.2.1-192.0.2.255; none of its addresses is used`,
    ]);
    told.length = 0;
    await writeFile(file(), '{');
    await until(() => told.length > 0);
    expect(told[0]).toMatch(new RegExp(`^${file()}:\\d+: `));
    expect(keys(objects.addressPools)).toEqual(['IPAddressPool/p', 'IPAddressPool/q']);
    await writeFile(file(), document('192.0.4.0/24'));
    await until(() => objects.addressPools.rows.size === 1 && objects.stale.rows.size === 0);
    expect(objects.addressPools.get('IPAddressPool/p')?.ranges[0]?.text).toBe('192.0.4.0/24');
  });

  it('don’t count where the other source has a pool of the same name', async () => {
    await writeFile(file(), document('192.0.2.0/24'));
    objects.putStale({ kind: 'Service', namespace: 'a', name: 'web' }, 'of the other source', 1);
    start();
    await until(isComplete);
    const { addressPools } = objects;
    const [own] = [...addressPools.rows.values()];
    if (own === undefined) throw new Error('no pool');
    objects.put({ ...own, namespace: 'menwei', createdAtMs: 7 }, 'menwei.dev');
    expect(addressPools.get('IPAddressPool/p')?.createdAtMs).toBe(7);
    await writeFile(file('more.yaml'), document('192.0.5.0/24', 'q'));
    await until(() => addressPools.rows.size === 2);
    const reason = 'IPAddressPool menwei/p of menwei.dev has the same name, and that one is used';
    expect(told).toEqual([`${file()}: IPAddressPool p: ${reason}`]);
    expect([...objects.stale.rows.values()].map((row) => row.reason)).toEqual([
      'of the other source',
      reason,
    ]);
    objects.delete({ ...own, namespace: 'menwei' }, 'menwei.dev');
    expect(addressPools.get('IPAddressPool/p')?.createdAtMs).toBe(0);
  });
});
