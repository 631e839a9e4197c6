import {
  FIXED_NOW,
  newObject,
  openFixedRegistry,
  readStored,
  refusalOf,
} from '@menwei/testing/cluster/fixed-registry.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { resourceOf } from '../kinds/resources.ts';
import type { Store } from '../store/store.ts';
import type { ObjectRegistry } from './object-registry.ts';
import { serviceEndpoints } from './service-endpoints.ts';

const CONFIG_MAPS = resourceOf('', 'configmaps');
const ENDPOINTS = resourceOf('', 'endpoints');
const NAMESPACES = resourceOf('', 'namespaces');
const PODS = resourceOf('', 'pods');
const SERVICES = resourceOf('', 'services');

let store: Store;
let registry: ObjectRegistry;
let clock: { nowMs: number };

beforeEach(async () => {
  ({ store, registry, clock } = await openFixedRegistry({ hooks: { services: [serviceEndpoints] } }));
});

const configMap = (name: string, rest: object = {}) => newObject('v1', 'ConfigMap', name, rest);

describe('delete', () => {
  const pod = (name: string, rest: object = {}) =>
    newObject('v1', 'Pod', name, {
      spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }], ...rest },
    });

  it('removes what nothing holds, and tells its last state', async () => {
    const { stored: created } = await registry.create(CONFIG_MAPS, 'tab', configMap('c'));
    const { stored, isGone } = await registry.delete(CONFIG_MAPS, 'tab', 'c');
    expect(isGone).toBe(true);
    expect(stored.revision).toBe(created.revision + 1);
    expect(store.get('configmaps', 'tab', 'c')).toBeUndefined();
  });

  it('removes the Endpoints of a Service with it', async () => {
    await registry.create(SERVICES, 'tab', newObject('v1', 'Service', 's', { spec: { clusterIP: 'None' } }));
    await registry.create(ENDPOINTS, 'tab', newObject('v1', 'Endpoints', 's'));
    await registry.delete(SERVICES, 'tab', 's');
    expect(store.get('endpoints', 'tab', 's')).toBeUndefined();
  });

  it('gives a pod its grace, which can be shortened and not lengthened', async () => {
    await registry.create(PODS, 'tab', pod('p'));
    const marks = async (gracePeriodSeconds?: number) => {
      const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
      const { stored, isGone } = await registry.delete(PODS, 'tab', 'p', options);
      const { deletionTimestamp, deletionGracePeriodSeconds, generation } = readStored(stored).metadata;
      return [deletionTimestamp, deletionGracePeriodSeconds, generation, isGone];
    };
    expect(await marks()).toEqual(['2026-11-30T05:42:24Z', 30, 2, false]);
    clock.nowMs += 3000;
    expect(await marks()).toEqual(['2026-11-30T05:42:24Z', 30, 2, false]);
    expect(await marks(60)).toEqual(['2026-11-30T05:42:24Z', 30, 2, false]);
    expect(await marks(5)).toEqual(['2026-11-30T05:41:59Z', 5, 2, false]);
    expect(await marks(0)).toEqual(['2026-11-30T05:41:54Z', 0, 2, true]);
    expect(store.get('pods', 'tab', 'p')).toBeUndefined();
  });

  it('takes a negative grace for one second, also where the pod is ending already', async () => {
    await registry.create(PODS, 'tab', pod('p'));
    await registry.create(PODS, 'tab', pod('q'));
    await registry.delete(PODS, 'tab', 'q');
    for (const name of ['p', 'q']) {
      const { stored } = await registry.delete(PODS, 'tab', name, { gracePeriodSeconds: -1 });
      expect(readStored(stored).metadata).toMatchObject({
        deletionTimestamp: '2026-11-30T05:41:55Z',
        deletionGracePeriodSeconds: 1,
      });
    }
  });

  it('shortens no grace below none: what only finalizers hold goes with the last of them', async () => {
    const held = configMap('f', { metadata: { finalizers: ['example.com/f'] } });
    await registry.create(CONFIG_MAPS, 'tab', held);
    await registry.delete(CONFIG_MAPS, 'tab', 'f');
    await registry.delete(CONFIG_MAPS, 'tab', 'f', { gracePeriodSeconds: -1 });
    await registry.update(CONFIG_MAPS, 'tab', 'f', configMap('f'));
    expect(store.get('configmaps', 'tab', 'f')).toBeUndefined();
  });

  it('removes a pod at once that runs nowhere, with a mark before', async () => {
    await registry.create(PODS, 'tab', pod('p', { nodeName: '' }));
    const before = store.revision;
    const { stored } = await registry.delete(PODS, 'tab', 'p');
    expect(stored.revision).toBe(before + 2);
    expect(store.eventsAfter(before)?.map(({ type }) => type)).toEqual(['MODIFIED', 'DELETED']);
  });

  it('waits for finalizers; the last one that goes takes the object with it', async () => {
    await registry.create(
      CONFIG_MAPS,
      'tab',
      configMap('f', { metadata: { finalizers: ['example.com/f'] } }),
    );
    const { stored, isGone } = await registry.delete(CONFIG_MAPS, 'tab', 'f');
    expect(isGone).toBe(false);
    expect(readStored(stored).metadata).toMatchObject({
      deletionTimestamp: FIXED_NOW,
      deletionGracePeriodSeconds: 0,
    });
    const withAnother = configMap('f', { metadata: { finalizers: ['example.com/f', 'example.com/g'] } });
    expect(await refusalOf(registry.update(CONFIG_MAPS, 'tab', 'f', withAnother))).toContain(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted',
    );
    const last = await registry.update(CONFIG_MAPS, 'tab', 'f', configMap('f'));
    expect(last.stored.revision).toBe(stored.revision);
    expect(readStored(last.stored).metadata.finalizers).toBeUndefined();
    expect(store.get('configmaps', 'tab', 'f')).toBeUndefined();
  });

  it.each([
    ['Foreground', 'foregroundDeletion'],
    ['Orphan', 'orphan'],
  ] as const)('%s adds its finalizer', async (propagationPolicy, finalizer) => {
    await registry.create(CONFIG_MAPS, 'tab', configMap('c'));
    const { stored } = await registry.delete(CONFIG_MAPS, 'tab', 'c', { propagationPolicy });
    expect(readStored(stored).metadata.finalizers).toEqual([finalizer]);
  });

  it('heeds preconditions', async () => {
    const { stored } = await registry.create(CONFIG_MAPS, 'tab', configMap('c'));
    const deleteWith = (preconditions: object) => registry.delete(CONFIG_MAPS, 'tab', 'c', { preconditions });
    expect(await refusalOf(deleteWith({ uid: 'abc' }))).toContain(
      'the UID in the precondition (abc) does not match',
    );
    expect(await refusalOf(deleteWith({ resourceVersion: '1' }))).toContain(
      `the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${stored.revision})`,
    );
    expect(await deleteWith({ uid: stored.uid })).toMatchObject({ isGone: true });
  });

  it('marks a namespace until its finalizer is gone, and refuses those that always are', async () => {
    expect(await refusalOf(registry.delete(NAMESPACES, '', 'default'))).toBe(
      '403 namespaces "default" is forbidden: this namespace may not be deleted',
    );
    const { stored } = await registry.delete(NAMESPACES, '', 'tab');
    expect(readStored(stored)).toMatchObject({
      metadata: { deletionTimestamp: FIXED_NOW },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Terminating' },
    });
    expect((await registry.delete(NAMESPACES, '', 'tab')).stored.revision).toBe(stored.revision);
    const finalized = newObject('v1', 'Namespace', 'tab', { spec: {} });
    await registry.update(NAMESPACES, '', 'tab', finalized, { subresource: 'finalize' });
    expect(store.get('namespaces', '', 'tab')).toBeUndefined();
  });

  it('of a collection takes those that match', async () => {
    await registry.create(CONFIG_MAPS, 'tab', configMap('a', { metadata: { labels: { x: '1' } } }));
    await registry.create(CONFIG_MAPS, 'tab', configMap('b'));
    const gone = await registry.deleteCollection(CONFIG_MAPS, 'tab', ({ labels }) => labels.x === '1');
    expect(gone.map(({ name }) => name)).toEqual(['a']);
    expect([...store.list('configmaps')].map(({ name }) => name)).toEqual(['b']);
  });
});
