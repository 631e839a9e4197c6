import {
  FIXED_NOW,
  newObject,
  openFixedRegistry,
  readStored,
  refusalOf,
} from '@menwei/testing/cluster/fixed-registry.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { resourceOf } from '../kinds/resources.ts';
import type { ApiObject, ObjectMeta } from '../schema/object.ts';
import type { Store } from '../store/store.ts';
import type { ObjectRegistry } from './object-registry.ts';
import { podTopology } from './pod-topology.ts';

const CONFIG_MAPS = resourceOf('', 'configmaps');
const LEASES = resourceOf('coordination.k8s.io', 'leases');
const NAMESPACES = resourceOf('', 'namespaces');
const NODES = resourceOf('', 'nodes');
const PODS = resourceOf('', 'pods');

let store: Store;
let registry: ObjectRegistry;
let clock: { nowMs: number };

beforeEach(async () => {
  ({ store, registry, clock } = await openFixedRegistry({ hooks: { pods: [podTopology] } }));
});

const configMap = (name: string, rest: object = {}) => newObject('v1', 'ConfigMap', name, rest);

describe('create', () => {
  it('sets what the server decides, whatever the client says', async () => {
    const given = configMap('c', {
      metadata: { uid: 'mine', creationTimestamp: '2000-01-01T00:00:00Z', generation: 7, selfLink: '/x' },
    });
    const { stored, isNew } = await registry.create(CONFIG_MAPS, 'tab', given);
    expect(isNew).toBe(true);
    expect(readStored(stored).metadata).toEqual({
      name: 'c',
      namespace: 'tab',
      uid: expect.stringContaining('00000000-0000-4000-8000-'),
      resourceVersion: String(stored.revision),
      creationTimestamp: FIXED_NOW,
    });
  });

  it('makes a name of a prefix, another one if that is taken', async () => {
    const letters = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.99, 0.99, 0.99, 0.99, 0.99];
    const { registry: fresh } = await openFixedRegistry({ random: () => letters.shift() ?? 0 });
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
    expect(await refusalOf(registry.create(CONFIG_MAPS, namespace, object))).toBe(said);
  });

  it('refuses a name that is taken, and one in a namespace that ends', async () => {
    await registry.create(CONFIG_MAPS, 'tab', configMap('c'));
    expect(await refusalOf(registry.create(CONFIG_MAPS, 'tab', configMap('c')))).toBe(
      '409 configmaps "c" already exists',
    );
    await registry.delete(NAMESPACES, '', 'tab');
    expect(await refusalOf(registry.create(CONFIG_MAPS, 'tab', configMap('late')))).toBe(
      '403 configmaps "late" is forbidden: unable to create new content in namespace tab because it is being terminated',
    );
  });

  it('leaves nothing behind when it is a dry run or refused', async () => {
    const before = store.revision;
    await registry.create(CONFIG_MAPS, 'tab', configMap('c'), { isDryRun: true });
    await refusalOf(registry.create(CONFIG_MAPS, 'tab', configMap('Bad_Name')));
    expect(store.revision).toBe(before);
    expect([...store.list('configmaps')]).toEqual([]);
  });

  it('gives a pod the topology of its node', async () => {
    const zone = 'topology.kubernetes.io/zone';
    await registry.create(
      NODES,
      '',
      newObject('v1', 'Node', 'n1', { metadata: { labels: { [zone]: 'z1', other: 'x' } } }),
    );
    const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] };
    const { stored } = await registry.create(PODS, 'tab', newObject('v1', 'Pod', 'p', { spec }));
    expect(stored.labels).toEqual({ [zone]: 'z1' });
  });
});

describe('update', () => {
  it('keeps what the server decided, and counts no generation for a kind without', async () => {
    const { stored: old } = await registry.create(CONFIG_MAPS, 'tab', configMap('c', { data: { a: '1' } }));
    clock.nowMs += 60_000;
    const { stored, isNew } = await registry.update(
      CONFIG_MAPS,
      'tab',
      'c',
      configMap('c', { data: { a: '2' } }),
    );
    expect(isNew).toBe(false);
    const [before, after] = [readStored(old), readStored(stored)];
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
    expect(await refusalOf(registry.update(CONFIG_MAPS, 'tab', 'c', object))).toMatch(said);
  });

  it('creates Services and Leases that are not there, and not ConfigMaps', async () => {
    expect(await refusalOf(registry.update(CONFIG_MAPS, 'tab', 'c', configMap('c')))).toBe(
      '404 configmaps "c" not found',
    );
    const lease = newObject('coordination.k8s.io/v1', 'Lease', 'l');
    expect(await registry.update(LEASES, 'tab', 'l', lease)).toMatchObject({ isNew: true });
  });

  it('of status changes the status and metadata only, and of the object all but the status', async () => {
    const spec = { serviceAccountName: 'default', containers: [{ name: 'c', image: 'i' }] };
    const pod = newObject('v1', 'Pod', 'p', { spec });
    await registry.create(PODS, 'tab', pod);
    const running = {
      ...pod,
      spec: { containers: [{ name: 'c', image: 'other' }] },
      status: { phase: 'Running' },
    };
    const { stored } = await registry.update(PODS, 'tab', 'p', running, { subresource: 'status' });
    expect(readStored(stored)).toMatchObject({
      spec: { containers: [{ image: 'i' }] },
      status: { phase: 'Running' },
    });
    const failed = { ...pod, metadata: { name: 'p', labels: { a: 'b' } }, status: { phase: 'Failed' } };
    const { stored: updated } = await registry.update(PODS, 'tab', 'p', failed);
    expect(readStored(updated)).toMatchObject({
      metadata: { labels: { a: 'b' } },
      status: { phase: 'Running' },
    });
  });

  it('of several at once, each sees the one before', async () => {
    await registry.create(CONFIG_MAPS, 'tab', configMap('c', { data: { n: '0' } }));
    const add = () =>
      registry.change(CONFIG_MAPS, 'tab', 'c', (current: ApiObject & { data?: Record<string, string> }) => ({
        ...current,
        data: { n: String(Number(current.data?.n) + 1) },
      }));
    await Promise.all([add(), add(), add()]);
    expect(readStored(store.get('configmaps', 'tab', 'c')).data).toEqual({ n: '3' });
  });
});
