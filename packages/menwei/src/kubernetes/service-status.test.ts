import { startTestApi, type TestApi } from '@menwei/testing/cluster/api-server.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiClient, createApiClient } from './api-client.ts';
import { plainConnection } from './connection.ts';
import { type PatchOperation, patchServiceStatus, pathStep } from './service-status.ts';

const signal = AbortSignal.timeout(60_000);
const SERVICES = '/api/v1/namespaces/default/services';
const WEB = { namespace: 'default', name: 'web', uid: '' };
const INGRESS = [{ ip: '192.0.2.10', ipMode: 'VIP' }];

let api: TestApi;
let client: ApiClient;
beforeEach(async () => {
  api = await startTestApi();
  client = createApiClient(plainConnection(api.url), { userAgent: 'menwei/test', qps: -1, burst: 1 });
  await client.write({
    method: 'POST',
    path: SERVICES,
    body: {
      metadata: { name: 'web' },
      spec: { type: 'LoadBalancer', clusterIP: '10.96.0.1', ports: [{ port: 80, nodePort: 30080 }] },
    },
    signal,
    silenceMs: 5_000,
  });
});
afterEach(async () => {
  await client.close();
  await api.close();
});

async function web(): Promise<Record<string, unknown>> {
  return JSON.parse(await (await fetch(`${api.url}${SERVICES}/web`)).text());
}

const PATCH: readonly PatchOperation[] = [
  { op: 'test', path: '/metadata/finalizers', value: null },
  { op: 'add', path: '/metadata/finalizers', value: ['menwei.dev/load-balancer'] },
  { op: 'test', path: '/metadata/annotations', value: null },
  { op: 'add', path: '/metadata/annotations', value: {} },
  { op: 'add', path: `/metadata/annotations/${pathStep('menwei.dev/ip-allocated-from-pool')}`, value: 'p' },
  { op: 'add', path: '/status/loadBalancer', value: { ingress: INGRESS } },
];

it('changes status and metadata in one step', async () => {
  expect(await patchServiceStatus(client, WEB, PATCH, signal)).toBe('patched');
  expect(await web()).toMatchObject({
    metadata: {
      finalizers: ['menwei.dev/load-balancer'],
      annotations: { 'menwei.dev/ip-allocated-from-pool': 'p' },
    },
    status: { loadBalancer: { ingress: INGRESS } },
  });
});

it('leaves alone what has changed, and what is another one', async () => {
  expect(await patchServiceStatus(client, WEB, PATCH, signal)).toBe('patched');
  expect(await patchServiceStatus(client, WEB, PATCH, signal)).toBe('conflict');
  expect(await patchServiceStatus(client, { ...WEB, uid: 'another' }, [], signal)).toBe('conflict');
  expect(await patchServiceStatus(client, { ...WEB, name: 'none' }, PATCH, signal)).toBe('gone');
});

it('tells a status that the server does not take', async () => {
  const operations = [
    { op: 'add', path: '/status/loadBalancer', value: { ingress: [{ ip: 'x' }] } },
  ] as const;
  await expect(patchServiceStatus(client, WEB, operations, signal)).rejects.toMatchObject({
    failure: 'refused',
  });
});
