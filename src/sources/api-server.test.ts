import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiClient, createApiClient } from '../kubernetes/api-client.ts';
import { plainConnection } from '../kubernetes/connection.ts';
import { FakeApiServer, sendStatus } from '../kubernetes/fake-api-server.ts';
import { formatProblem, formatRef, type ObjectRef, type Problem } from '../kubernetes/objects.ts';
import { silentLogger } from '../log/logger.ts';
import { createApiServerSource } from './api-server.ts';
import type { ObjectSink } from './source.ts';

const SERVICES = '/api/v1/services';
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';
const NODES = '/api/v1/nodes';

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

describe('createApiServerSource', () => {
  let server: FakeApiServer;
  let client: ApiClient;
  let stop: AbortController;
  let running: Promise<void>;
  let events: string[];
  let log: string[];

  beforeEach(async () => {
    server = await FakeApiServer.start({ tls: false });
    stop = new AbortController();
    events = [];
    log = [];
    client = createApiClient(plainConnection(server.url), { userAgent: 'menwei/test', qps: -1, burst: 1 });
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  function start(): void {
    const sink: ObjectSink = {
      upsert: (object) => events.push(`+${formatRef(object)}`),
      remove: (ref: ObjectRef) => events.push(`-${formatRef(ref)}`),
      synced: () => events.push('synced'),
      report: (problem: Problem) => events.push(formatProblem(problem)),
    };
    const logger = {
      ...silentLogger,
      info: (_: object, message: string) => log.push(message),
      error: (_: object, message: string) => log.push(message),
    };
    const timing = { backoff: { startMs: 5, capMs: 10 }, shortestWatchMs: 0 };
    running = createApiServerSource({ client, nodeName: 'node-1', logger, timing }).run(sink, stop.signal);
  }

  const until = (condition: () => boolean): Promise<void> =>
    expect.poll(condition, { timeout: 5000, interval: 2 }).toBe(true);

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
      `${message}; retrying, what is known stays in force`,
      `works again after: ${message}`,
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
      `${message}; retrying, what is known stays in force`,
      `works again after: ${message}`,
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
});
