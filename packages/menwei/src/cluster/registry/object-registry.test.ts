import { beforeEach, describe, expect, it } from 'vitest';
import type { WriteHook } from '../allocation/write-hook.ts';
import { resourceOf } from '../kinds/resources.ts';
import type { ApiObject, ObjectMeta } from '../schema/object.ts';
import { StatusError } from '../schema/status-error.ts';
import { openMemoryStore } from '../store/local-store.ts';
import type { Store, StoredObject } from '../store/store.ts';
import { parseStored } from '../store/stored-object.ts';
import { ObjectRegistry } from './object-registry.ts';
import { podTopology } from './pod-topology.ts';
import { serviceEndpoints } from './service-endpoints.ts';

const CONFIG_MAPS = resourceOf('', 'configmaps');
const ENDPOINTS = resourceOf('', 'endpoints');
const LEASES = resourceOf('coordination.k8s.io', 'leases');
const NAMESPACES = resourceOf('', 'namespaces');
const NODES = resourceOf('', 'nodes');
const PODS = resourceOf('', 'pods');
const SERVICES = resourceOf('', 'services');

const NOW = '2026-11-30T05:41:54Z';

let store: Store;
let registry: ObjectRegistry;
let nowMs: number;

beforeEach(async () => {
  store = openMemoryStore();
  nowMs = Date.parse(NOW);
  registry = registryWith({ pods: [podTopology], services: [serviceEndpoints] });
  await registry.create(NAMESPACES, '', named('v1', 'Namespace', 'default'));
  await registry.create(NAMESPACES, '', named('v1', 'Namespace', 'tab'));
});

function registryWith(hooks: Readonly<Record<string, readonly WriteHook[]>>): ObjectRegistry {
  let uids = 0;
  return new ObjectRegistry({
    store,
    hooks,
    nowMs: () => nowMs,
    newUid: () => `00000000-0000-4000-8000-${String(++uids).padStart(12, '0')}`,
    random: () => 0.5,
  });
}

function named(apiVersion: string, kind: string, name: string, rest: object = {}): ApiObject {
  return { apiVersion, kind, ...rest, metadata: { name, ...metadataOf(rest) } };
}

function metadataOf(rest: { readonly metadata?: ObjectMeta }): ObjectMeta {
  return rest.metadata ?? {};
}

const configMap = (name: string, rest: object = {}) => named('v1', 'ConfigMap', name, rest);
const read = (stored: StoredObject | undefined): Record<string, unknown> & ApiObject => {
  if (stored === undefined) throw new Error('there is no such object');
  return { ...parseStored(stored) };
};

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StatusError)) throw new Error(`not refused: ${error}`);
  return `${error.code} ${error.message}`;
}

describe('create', () => {
  it('sets what the server decides, whatever the client says', async () => {
    const given = configMap('c', {
      metadata: { uid: 'mine', creationTimestamp: '2000-01-01T00:00:00Z', generation: 7, selfLink: '/x' },
    });
    const { stored, isNew } = await registry.create(CONFIG_MAPS, 'tab', given);
    expect(isNew).toBe(true);
    expect(read(stored).metadata).toEqual({
      name: 'c',
      namespace: 'tab',
      uid: expect.stringContaining('00000000-0000-4000-8000-'),
      resourceVersion: String(stored.revision),
      creationTimestamp: NOW,
    });
  });

  it('makes a name of a prefix, another one if that is taken', async () => {
    const letters = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.99, 0.99, 0.99, 0.99, 0.99];
    const fresh = new ObjectRegistry({
      store,
      hooks: {},
      nowMs: () => nowMs,
      newUid: () => 'u',
      random: () => letters.shift() ?? 0,
    });
    const given = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'gen-' } };
    const first = await fresh.create(CONFIG_MAPS, 'tab', given);
    const second = await fresh.create(CONFIG_MAPS, 'tab', given);
    expect([first.stored.name, second.stored.name]).toEqual(['gen-bbbbb', 'gen-99999']);
  });

  it.each<[string, string, ApiObject, string]>([
    [
      'a version',
      'tab',
      configMap('c', { metadata: { resourceVersion: '1' } }),
      '400 resourceVersion should not be set on objects to be created',
    ],
    [
      'another namespace',
      'tab',
      configMap('c', { metadata: { namespace: 'default' } }),
      '400 the namespace of the provided object does not match the namespace sent on the request',
    ],
    ['a namespace that is not there', 'none', configMap('c'), '404 namespaces "none" not found'],
    [
      'no name',
      'tab',
      configMap(''),
      '422 ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
  ])('refuses %s', async (_, namespace, object, said) => {
    expect(await refusal(registry.create(CONFIG_MAPS, namespace, object))).toBe(said);
  });

  it('refuses a name that is taken, and one in a namespace that ends', async () => {
    await registry.create(CONFIG_MAPS, 'tab', configMap('c'));
    expect(await refusal(registry.create(CONFIG_MAPS, 'tab', configMap('c')))).toBe(
      '409 configmaps "c" already exists',
    );
    await registry.delete(NAMESPACES, '', 'tab');
    expect(await refusal(registry.create(CONFIG_MAPS, 'tab', configMap('late')))).toBe(
      '403 configmaps "late" is forbidden: unable to create new content in namespace tab because it is being terminated',
    );
  });

  it('leaves nothing behind when it is a dry run or refused', async () => {
    const before = store.revision;
    await registry.create(CONFIG_MAPS, 'tab', configMap('c'), { isDryRun: true });
    await refusal(registry.create(CONFIG_MAPS, 'tab', configMap('Bad_Name')));
    expect(store.revision).toBe(before);
    expect([...store.list('configmaps')]).toEqual([]);
  });

  it('gives a pod the topology of its node', async () => {
    const zone = 'topology.kubernetes.io/zone';
    await registry.create(
      NODES,
      '',
      named('v1', 'Node', 'n1', { metadata: { labels: { [zone]: 'z1', other: 'x' } } }),
    );
    const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] };
    const { stored } = await registry.create(PODS, 'tab', named('v1', 'Pod', 'p', { spec }));
    expect(stored.labels).toEqual({ [zone]: 'z1' });
  });
});

describe('update', () => {
  it('keeps what the server decided, and counts no generation for a kind without', async () => {
    const { stored: old } = await registry.create(CONFIG_MAPS, 'tab', configMap('c', { data: { a: '1' } }));
    nowMs += 60_000;
    const { stored, isNew } = await registry.update(
      CONFIG_MAPS,
      'tab',
      'c',
      configMap('c', { data: { a: '2' } }),
    );
    expect(isNew).toBe(false);
    const [before, after] = [read(old), read(stored)];
    expect(after.metadata).toEqual({ ...before.metadata, resourceVersion: String(stored.revision) });
    expect(after.data).toEqual({ a: '2' });
  });

  it('writes nothing when nothing changes', async () => {
    const { stored: old } = await registry.create(CONFIG_MAPS, 'tab', configMap('c', { data: { a: '1' } }));
    const { stored } = await registry.update(CONFIG_MAPS, 'tab', 'c', configMap('c', { data: { a: '1' } }));
    expect(stored.revision).toBe(old.revision);
    expect(store.revision).toBe(old.revision);
  });

  it.each<[string, ObjectMeta, RegExp]>([
    [
      'another name',
      { name: 'x' },
      /^400 the name of the object \(x\) does not match the name on the URL \(c\)$/,
    ],
    ['no name', { name: '' }, /^400 the name of the object \(c based on URL\) was undeterminable/],
    [
      'another namespace',
      { name: 'c', namespace: 'default' },
      /^400 the namespace of the object \(default\)/,
    ],
    [
      'an old version',
      { name: 'c', resourceVersion: '1' },
      /^409 .*configmaps "c": the object has been modified/,
    ],
    [
      'another uid',
      { name: 'c', uid: 'x' },
      /^409 .*Precondition failed: UID in precondition: x, UID in object/,
    ],
    ['a version that is no number', { name: 'c', resourceVersion: 'x' }, /^422 .*metadata.resourceVersion/],
  ])('refuses %s', async (_, metadata, said) => {
    await registry.create(CONFIG_MAPS, 'tab', configMap('c'));
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    expect(await refusal(registry.update(CONFIG_MAPS, 'tab', 'c', object))).toMatch(said);
  });

  it('creates Services and Leases that are not there, and not ConfigMaps', async () => {
    expect(await refusal(registry.update(CONFIG_MAPS, 'tab', 'c', configMap('c')))).toBe(
      '404 configmaps "c" not found',
    );
    const lease = named('coordination.k8s.io/v1', 'Lease', 'l');
    expect(await registry.update(LEASES, 'tab', 'l', lease)).toMatchObject({ isNew: true });
  });

  it('of status changes the status and metadata only, and of the object all but the status', async () => {
    const spec = { serviceAccountName: 'default', containers: [{ name: 'c', image: 'i' }] };
    const pod = named('v1', 'Pod', 'p', { spec });
    await registry.create(PODS, 'tab', pod);
    const running = {
      ...pod,
      spec: { containers: [{ name: 'c', image: 'other' }] },
      status: { phase: 'Running' },
    };
    const { stored } = await registry.update(PODS, 'tab', 'p', running, { subresource: 'status' });
    expect(read(stored)).toMatchObject({
      spec: { containers: [{ image: 'i' }] },
      status: { phase: 'Running' },
    });
    const failed = { ...pod, metadata: { name: 'p', labels: { a: 'b' } }, status: { phase: 'Failed' } };
    const { stored: updated } = await registry.update(PODS, 'tab', 'p', failed);
    expect(read(updated)).toMatchObject({ metadata: { labels: { a: 'b' } }, status: { phase: 'Running' } });
  });

  it('of several at once, each sees the one before', async () => {
    await registry.create(CONFIG_MAPS, 'tab', configMap('c', { data: { n: '0' } }));
    const add = () =>
      registry.change(CONFIG_MAPS, 'tab', 'c', (current: ApiObject & { data?: Record<string, string> }) => ({
        ...current,
        data: { n: String(Number(current.data?.n) + 1) },
      }));
    await Promise.all([add(), add(), add()]);
    expect(read(store.get('configmaps', 'tab', 'c')).data).toEqual({ n: '3' });
  });
});

describe('delete', () => {
  const pod = (name: string, rest: object = {}) =>
    named('v1', 'Pod', name, {
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
    await registry.create(SERVICES, 'tab', named('v1', 'Service', 's', { spec: { clusterIP: 'None' } }));
    await registry.create(ENDPOINTS, 'tab', named('v1', 'Endpoints', 's'));
    await registry.delete(SERVICES, 'tab', 's');
    expect(store.get('endpoints', 'tab', 's')).toBeUndefined();
  });

  it('gives a pod its grace, which can be shortened and not lengthened', async () => {
    await registry.create(PODS, 'tab', pod('p'));
    const marks = async (gracePeriodSeconds?: number) => {
      const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
      const { stored, isGone } = await registry.delete(PODS, 'tab', 'p', options);
      const { deletionTimestamp, deletionGracePeriodSeconds, generation } = read(stored).metadata;
      return [deletionTimestamp, deletionGracePeriodSeconds, generation, isGone];
    };
    expect(await marks()).toEqual(['2026-11-30T05:42:24Z', 30, 2, false]);
    nowMs += 3000;
    expect(await marks()).toEqual(['2026-11-30T05:42:24Z', 30, 2, false]);
    expect(await marks(60)).toEqual(['2026-11-30T05:42:24Z', 30, 2, false]);
    expect(await marks(5)).toEqual(['2026-11-30T05:41:59Z', 5, 2, false]);
    expect(await marks(0)).toEqual(['2026-11-30T05:41:54Z', 0, 2, true]);
    expect(store.get('pods', 'tab', 'p')).toBeUndefined();
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
    expect(read(stored).metadata).toMatchObject({ deletionTimestamp: NOW, deletionGracePeriodSeconds: 0 });
    const withAnother = configMap('f', { metadata: { finalizers: ['example.com/f', 'example.com/g'] } });
    expect(await refusal(registry.update(CONFIG_MAPS, 'tab', 'f', withAnother))).toContain(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted',
    );
    const last = await registry.update(CONFIG_MAPS, 'tab', 'f', configMap('f'));
    expect(last.stored.revision).toBe(stored.revision);
    expect(read(last.stored).metadata.finalizers).toBeUndefined();
    expect(store.get('configmaps', 'tab', 'f')).toBeUndefined();
  });

  it.each([
    ['Foreground', 'foregroundDeletion'],
    ['Orphan', 'orphan'],
  ] as const)('%s adds its finalizer', async (propagationPolicy, finalizer) => {
    await registry.create(CONFIG_MAPS, 'tab', configMap('c'));
    const { stored } = await registry.delete(CONFIG_MAPS, 'tab', 'c', { propagationPolicy });
    expect(read(stored).metadata.finalizers).toEqual([finalizer]);
  });

  it('heeds preconditions', async () => {
    const { stored } = await registry.create(CONFIG_MAPS, 'tab', configMap('c'));
    const deleteWith = (preconditions: object) => registry.delete(CONFIG_MAPS, 'tab', 'c', { preconditions });
    expect(await refusal(deleteWith({ uid: 'abc' }))).toContain(
      'the UID in the precondition (abc) does not match',
    );
    expect(await refusal(deleteWith({ resourceVersion: '1' }))).toContain(
      `the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${stored.revision})`,
    );
    expect(await deleteWith({ uid: stored.uid })).toMatchObject({ isGone: true });
  });

  it('marks a namespace until its finalizer is gone, and refuses those that always are', async () => {
    expect(await refusal(registry.delete(NAMESPACES, '', 'default'))).toBe(
      '403 namespaces "default" is forbidden: this namespace may not be deleted',
    );
    const { stored } = await registry.delete(NAMESPACES, '', 'tab');
    expect(read(stored)).toMatchObject({
      metadata: { deletionTimestamp: NOW },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Terminating' },
    });
    expect((await registry.delete(NAMESPACES, '', 'tab')).stored.revision).toBe(stored.revision);
    const finalized = named('v1', 'Namespace', 'tab', { spec: {} });
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
