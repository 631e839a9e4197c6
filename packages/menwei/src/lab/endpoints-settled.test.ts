import { beforeEach, describe, expect, it } from 'vitest';
import type { ApiObject } from '../cluster/schema/object.ts';
import { openMemoryStore } from '../cluster/store/local-store.ts';
import type { Store } from '../cluster/store/store.ts';
import { unsettledServices } from './endpoints-settled.ts';

let store: Store;

function put(resource: string, object: ApiObject): Promise<unknown> {
  return store.transact((transaction) => transaction.put(resource, object));
}

function metadata(name: string, labels: Readonly<Record<string, string>> = {}) {
  const now = '2026-11-30T05:41:54Z';
  return { name, namespace: 'default', uid: `uid-${name}`, creationTimestamp: now, labels };
}

const putService = (name: string, spec: object) =>
  put('services', { kind: 'Service', apiVersion: 'v1', metadata: metadata(name), ...{ spec } });

const putPod = (name: string, isReady: boolean, labels = { app: 'web' }) =>
  put('pods', {
    ...{ kind: 'Pod', apiVersion: 'v1', metadata: metadata(name, labels) },
    ...{
      status: { podIP: '10.244.0.5', conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
    },
  });

const putSlice = (endpoints: readonly (readonly [pod: string, isReady: boolean])[] | null) =>
  put('endpointslices', {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: metadata('web-1', { 'kubernetes.io/service-name': 'web' }),
    ...{
      addressType: 'IPv4',
      endpoints:
        endpoints?.map(([pod, isReady]) => ({
          addresses: ['10.244.0.5'],
          conditions: { ready: isReady, serving: isReady },
          targetRef: { kind: 'Pod', uid: `uid-${pod}` },
        })) ?? null,
    },
  });

beforeEach(async () => {
  store = openMemoryStore();
  await putService('web', { selector: { app: 'web' } });
});

describe('the slices of a Service', () => {
  it('are awaited, also where it selects nobody', async () => {
    expect(unsettledServices(store)).toEqual(['default/web']);
    await putSlice(null);
    expect(unsettledServices(store)).toEqual([]);
  });

  it('are settled when they name its pods, and who is ready', async () => {
    await putPod('one', true);
    await putPod('two', false);
    await putPod('other', true, { app: 'shop' });
    await putSlice([['one', true]]);
    expect(unsettledServices(store)).toEqual(['default/web']);
    await putSlice([
      ['one', true],
      ['two', true],
    ]);
    expect(unsettledServices(store)).toEqual(['default/web']);
    await putSlice([
      ['two', false],
      ['one', true],
    ]);
    expect(unsettledServices(store)).toEqual([]);
  });

  it('are nobody’s business without a selector, or with another name', async () => {
    await putSlice(null);
    await putService('by-hand', {});
    await putService('elsewhere', { type: 'ExternalName', selector: { app: 'web' }, externalName: 'a.b' });
    expect(unsettledServices(store)).toEqual([]);
  });
});
