import { FakeApiServer, sendStatus } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { followObjects } from '@menwei/testing/state/object-events.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiClient, createApiClient } from '../kubernetes/api-client.ts';
import { plainConnection } from '../kubernetes/connection.ts';
import { formatProblem, type Problem } from '../kubernetes/objects.ts';
import { silentLogger } from '../log/logger.ts';
import { ObjectTables } from '../state/object-tables.ts';
import { type ApiServerSourceOptions, createApiServerSource } from './api-server.ts';
import { PROXY } from './following.ts';

const SERVICES = '/api/v1/services';
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';
const NODES = '/api/v1/nodes';
const SERVICE_CIDRS = '/apis/networking.k8s.io/v1/servicecidrs';

const web = {
  metadata: { namespace: 'default', name: 'web', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    type: 'ClusterIP',
    clusterIP: '172.30.0.41',
    clusterIPs: ['172.30.0.41'],
    ipFamilies: ['IPv4'],
    ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }],
  },
};
const slice = {
  metadata: { namespace: 'default', name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  endpoints: [{ addresses: ['10.180.0.1'], conditions: { ready: true } }],
};
const node = {
  metadata: { name: 'node-1', labels: { 'topology.kubernetes.io/zone': 'east' } },
  spec: {},
  status: {},
};
const serviceCIDR = { metadata: { name: 'kubernetes' }, spec: { cidrs: ['172.30.0.0/16'] } };

const WITH_CIDRS = { ...PROXY, serviceCIDRs: true };
const FAST = { firstMs: 5, maxMs: 10 };

describe('createApiServerSource', () => {
  let server: FakeApiServer;
  let client: ApiClient;
  let stop: AbortController;
  let running: Promise<void>;
  let events: string[];
  let objects: ObjectTables;
  let log: string[];

  beforeEach(async () => {
    server = await FakeApiServer.start({ tls: false });
    stop = new AbortController();
    events = [];
    objects = new ObjectTables('node-1');
    followObjects(objects, {
      changed: (what, row) => events.push(`${row === undefined ? '-' : '+'}${what}`),
      synced: () => events.push('synced'),
    });
    log = [];
    client = createApiClient(plainConnection(server.url), { userAgent: 'menwei/test', qps: -1, burst: 1 });
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  function start(options: Partial<ApiServerSourceOptions> = {}): void {
    const report = (problem: Problem) => events.push(formatProblem(problem));
    const logger = {
      ...silentLogger,
      info: (_: object, message: string) => log.push(message),
      error: (_: object, message: string) => log.push(message),
    };
    const timing = { retry: FAST, withheldRetry: FAST, shortestWatchMs: 0 };
    const source = createApiServerSource({ client, nodeName: 'node-1', logger, report, timing, ...options });
    running = source.run(objects, stop.signal);
  }

  const until = (condition: () => boolean): Promise<void> =>
    expect.poll(condition, { interval: 2 }).toBe(true);

  it('delivers Services, slices and the own Node, asking only for what it needs', async () => {
    server.put(SERVICES, web);
    server.put(SLICES, slice);
    server.put(NODES, node);
    start();
    await until(() => server.watches === 3);
    expect([...events].sort()).toEqual(
      ['+EndpointSlice default/web-1', '+Node node-1', '+Service default/web', 'synced'].sort(),
    );
    const selectors = server.requests.map(({ path, query }) => [
      path,
      query.labelSelector,
      query.fieldSelector,
    ]);
    expect(selectors).toContainEqual([
      SERVICES,
      '!service.kubernetes.io/service-proxy-name',
      'spec.clusterIP!=None',
    ]);
    expect(selectors).toContainEqual([SLICES, '!service.kubernetes.io/headless', undefined]);
    expect(selectors).toContainEqual([NODES, undefined, 'metadata.name=node-1']);
    expect(new Set(server.requests.map(({ headers }) => headers['user-agent']))).toEqual(
      new Set(['menwei/test']),
    );
  });

  it.each([
    ['Services', SERVICES],
    ['EndpointSlices', SLICES],
  ])('is not synced before %s are complete', async (_, path) => {
    const blocked = server.intercept((request, response) => {
      if (request.path === path) sendStatus(response, 503, 'starting');
      return request.path === path;
    });
    start();
    await until(() => server.watches === 2);
    expect(events).not.toContain('synced');
    blocked[Symbol.dispose]();
    await until(() => events.includes('synced'));
  });

  it('is synced without the Node', async () => {
    using _ = server.intercept((request, response) => {
      if (request.path === NODES) sendStatus(response, 403, 'nodes is forbidden');
      return request.path === NODES;
    });
    start();
    await until(() => events.includes('synced'));
  });

  it('asks for ServiceCIDRs only if it is told to', async () => {
    server.put(SERVICE_CIDRS, serviceCIDR);
    start();
    await until(() => server.watches === 3);
    expect(server.requests.map(({ path }) => path)).not.toContain(SERVICE_CIDRS);
    expect(events).toEqual(['synced']);
  });

  it('delivers ServiceCIDRs and their end', async () => {
    server.put(SERVICE_CIDRS, serviceCIDR);
    start({ following: WITH_CIDRS });
    await until(() => server.watches === 4);
    expect(events).toEqual(['+ServiceCIDR kubernetes', 'synced']);
    server.put(SERVICE_CIDRS, { ...serviceCIDR, metadata: { name: 'more' } });
    server.delete(SERVICE_CIDRS, '', 'more');
    await until(() => events.length === 4);
    expect(events.slice(2)).toEqual(['+ServiceCIDR more', '-ServiceCIDR more']);
  });

  describe.each([
    ['does not have', 404, `${SERVICE_CIDRS}: the server does not have this resource (404: sorry)`],
    ['forbids', 403, 'sorry'],
  ])('with a server that %s ServiceCIDRs', (_, code, message) => {
    let refusals: number;
    let blocked: Disposable;

    beforeEach(() => {
      refusals = 0;
      blocked = server.intercept(({ path }, response) => {
        if (path !== SERVICE_CIDRS) return false;
        refusals++;
        sendStatus(response, code, 'sorry');
        return true;
      });
    });

    it('goes on without, says so once, and takes them when they come', async () => {
      start({ following: WITH_CIDRS });
      await until(() => events.includes('synced') && refusals > 3);
      blocked[Symbol.dispose]();
      server.put(SERVICE_CIDRS, serviceCIDR);
      await until(() => events.includes('+ServiceCIDR kubernetes'));
      expect(log).toEqual([
        expect.stringMatching(/; continuing without ServiceCIDRs, retrying from time to time$/),
        expect.stringMatching(/^recovered from: /),
      ]);
      expect(log[0]).toContain(message);
    });

    it('asks ever more seldom', async () => {
      const timing = { retry: FAST, withheldRetry: { firstMs: 60_000, maxMs: 60_000 } };
      start({ following: WITH_CIDRS, timing });
      await until(() => server.watches === 3 && refusals === 1);
      // Time for ten attempts, if they were made as for the other kinds.
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(refusals).toBe(1);
    });

    it('does not wait for them, even where it is to wait for all', async () => {
      start({ following: WITH_CIDRS, waitForAll: true });
      await until(() => events.includes('synced'));
    });
  });

  it.each([
    ['the Node', NODES],
    ['ServiceCIDRs', SERVICE_CIDRS],
  ])('is not synced before %s come, where it is to wait for all', async (_, path) => {
    const blocked = server.intercept((request, response) => {
      if (request.path === path) sendStatus(response, 503, 'starting');
      return request.path === path;
    });
    start({ following: WITH_CIDRS, waitForAll: true });
    await until(() => server.watches === 3);
    expect(events).not.toContain('synced');
    blocked[Symbol.dispose]();
    await until(() => events.includes('synced'));
  });

  it('is synced without a Node that it may not see, where it is to wait for all', async () => {
    using _ = server.intercept((request, response) => {
      if (request.path === NODES) sendStatus(response, 403, 'nodes is forbidden');
      return request.path === NODES;
    });
    start({ waitForAll: true });
    await until(() => events.includes('synced'));
  });

  it('says once that a list is forbidden, and once that it works again', async () => {
    const message =
      'services is forbidden: User "system:node" cannot list resource "services" at the cluster scope';
    let refusals = 0;
    const blocked = server.intercept((request, response) => {
      if (request.path !== SERVICES) return false;
      refusals++;
      sendStatus(response, 403, message);
      return true;
    });
    start();
    await until(() => refusals > 3);
    blocked[Symbol.dispose]();
    await until(() => server.watches === 3);
    expect(log).toEqual([
      `${message}; retrying, keeping the last known objects`,
      `recovered from: ${message}`,
    ]);
  });

  it('says once that the server is unreachable, though three kinds wait for it', async () => {
    const { port } = server;
    await server[Symbol.asyncDispose]();
    start();
    await until(() => log.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    server = await FakeApiServer.start({ tls: false, port });
    await until(() => server.watches === 3);
    const message = `http://127.0.0.1:${port} is unreachable: connection refused (ECONNREFUSED)`;
    expect(log).toEqual([
      `${message}; retrying, keeping the last known objects`,
      `recovered from: ${message}`,
    ]);
  });

  it('reports an object that can not be used and goes on', async () => {
    server.put(SERVICES, { ...web, spec: { ...web.spec, ports: [{ port: 0, protocol: 'TCP' }] } });
    server.put(SERVICES, { ...web, metadata: { ...web.metadata, name: 'other' } });
    start();
    await until(() => events.includes('synced'));
    expect(events.filter((event) => event.includes('default/web'))).toEqual([
      expect.stringContaining('Service default/web: spec.ports[0].port: '),
    ]);
    expect(events).toContain('+Service default/other');
  });

  it('tells which parts of an object it leaves out, until they are right or the object is gone', async () => {
    const reasons = () => Array.from(objects.flawed.rows.values(), ({ reason }) => reason);
    const addresses = (first: string) => ({
      ...slice,
      endpoints: [{ addresses: [first] }, { addresses: ['10.180.0.2'] }],
    });
    server.put(SLICES, addresses('nonsense'));
    start();
    await until(() => events.includes('synced'));
    expect(reasons()).toEqual([
      expect.stringMatching(/^EndpointSlice default\/web-1: endpoints\[0\].*nonsense/),
    ]);
    server.put(SLICES, addresses('10.180.0.1'));
    await until(() => objects.flawed.rows.size === 0);
    server.put(SLICES, addresses('nonsense'));
    await until(() => objects.flawed.rows.size === 1);
    server.delete(SLICES, 'default', 'web-1');
    await until(() => objects.flawed.rows.size === 0);
  });

  it('removes what is gone since when it is begun anew, and forgets what was wrong', async () => {
    server.put(SERVICES, web);
    server.put(SERVICES, { ...web, metadata: { ...web.metadata, name: 'db' } });
    server.put(SLICES, slice);
    start();
    await until(() => events.includes('synced'));
    stop.abort();
    await running;
    server.delete(SERVICES, 'default', 'db');
    objects.putStale({ kind: 'Service', namespace: 'default', name: 'web' }, 'no ports', 1);
    objects.putStale({ kind: 'Node', namespace: '', name: 'never-listed' }, 'no ports', 1);
    objects.putFlaw({ kind: 'Service', namespace: 'default', name: 'web' }, 'no ports', 1);
    events = [];
    stop = new AbortController();
    start();
    await until(() => events.includes('synced'));
    expect(events).toEqual(['-Service default/db', 'synced']);
    await until(() => objects.stale.rows.size === 0);
    await until(() => objects.flawed.rows.size === 0);
  });
});
