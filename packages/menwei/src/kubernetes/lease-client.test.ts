import { startTestApi, type TestApi } from '@menwei/testing/cluster/api-server.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiClient, createApiClient } from './api-client.ts';
import { plainConnection } from './connection.ts';
import { LeaseClient, type LeaseContent } from './lease-client.ts';

const signal = AbortSignal.timeout(60_000);
const CONTENT: LeaseContent = {
  holderIdentity: 'a',
  leaseDurationSeconds: 15,
  acquireTimeMs: Date.parse('2026-01-02T03:04:05.006Z'),
  renewTimeMs: Date.parse('2026-01-02T03:04:07Z'),
  leaseTransitions: 1,
  annotations: { 'menwei.dev/owns': '192.0.2.10' },
};

let api: TestApi;
let client: ApiClient;
beforeEach(async () => {
  api = await startTestApi();
  client = createApiClient(plainConnection(api.url), { userAgent: 'menwei/test', qps: -1, burst: 1 });
});
afterEach(async () => {
  await client.close();
  await api.close();
});

it('makes, reads and replaces a Lease', async () => {
  const leases = new LeaseClient(client, 'default', 'leader');
  expect(await leases.read(signal)).toBeUndefined();
  const made = await leases.create(CONTENT, signal);
  if (made.outcome !== 'written') throw new Error(made.outcome);
  expect(made.lease).toMatchObject(CONTENT);
  expect(await leases.read(signal)).toEqual(made.lease);
  const changed = await leases.update(
    made.lease,
    {
      ...CONTENT,
      holderIdentity: 'b',
      annotations: { 'menwei.dev/owns': null, 'menwei.dev/handover': 'true' },
    },
    signal,
  );
  expect(changed).toMatchObject({
    outcome: 'written',
    lease: { holderIdentity: 'b', annotations: { 'menwei.dev/handover': 'true' } },
  });
  expect((await leases.read(signal))?.annotations).toEqual({ 'menwei.dev/handover': 'true' });
});

it('does not replace what somebody else has written meanwhile', async () => {
  const leases = new LeaseClient(client, 'default', 'leader');
  const made = await leases.create(CONTENT, signal);
  if (made.outcome !== 'written') throw new Error(made.outcome);
  expect(await leases.create(CONTENT, signal)).toEqual({ outcome: 'lost' });
  expect(await leases.update(made.lease, { ...CONTENT, holderIdentity: 'b' }, signal)).toMatchObject({
    outcome: 'written',
  });
  expect(await leases.update(made.lease, { ...CONTENT, holderIdentity: 'c' }, signal)).toEqual({
    outcome: 'lost',
  });
  expect((await leases.read(signal))?.holderIdentity).toBe('b');
});

it('says when there is nothing to replace', async () => {
  const leases = new LeaseClient(client, 'default', 'leader');
  const made = await leases.create(CONTENT, signal);
  if (made.outcome !== 'written') throw new Error(made.outcome);
  const resource = '/apis/coordination.k8s.io/v1/namespaces/default/leases/leader';
  await fetch(`${api.url}${resource}`, { method: 'DELETE' });
  expect(await leases.update(made.lease, CONTENT, signal)).toEqual({ outcome: 'missing' });
  expect(await new LeaseClient(client, 'none', 'leader').create(CONTENT, signal)).toEqual({
    outcome: 'missing',
  });
});
