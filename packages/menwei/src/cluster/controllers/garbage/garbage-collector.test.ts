import { ControlledCluster } from '@menwei/testing/cluster/controlled-cluster.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let cluster: ControlledCluster;

beforeEach(async () => {
  cluster = new ControlledCluster({ only: ['garbage-collector'] });
  for (const name of ['a', 'b']) await cluster.create('namespaces', { metadata: { name } });
  await cluster.start();
  await configMap('owner');
});

afterEach(() => cluster.stop());

async function configMap(name: string, owners: readonly string[] = [], more: object = {}, namespace = 'a') {
  const ownerReferences = owners.map((owner) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    name: owner,
    uid: uidOf(owner),
    blockOwnerDeletion: true,
  }));
  await cluster.create('configmaps', { metadata: { name, namespace, ownerReferences, ...more } });
}

function uidOf(name: string, namespace = 'a'): string {
  return cluster.get('configmaps', `${namespace}/${name}`)?.metadata.uid ?? `uid of ${name}`;
}

async function left(): Promise<readonly string[]> {
  await cluster.settled();
  return cluster.list('configmaps').map(({ metadata }) => metadata.name ?? '');
}

describe('what belongs to an object', () => {
  it('goes with it, and what belongs to that', async () => {
    await configMap('child', ['owner']);
    await configMap('grandchild', ['child']);
    await configMap('stranger');
    expect(await left()).toEqual(['child', 'grandchild', 'owner', 'stranger']);
    await cluster.delete('configmaps', 'a/owner');
    expect(await left()).toEqual(['stranger']);
  });

  it('stays while one of its owners does, and forgets the other', async () => {
    await configMap('other');
    await configMap('child', ['owner', 'other']);
    await cluster.delete('configmaps', 'a/owner');
    expect(await left()).toEqual(['child', 'other']);
    const owners = cluster.get('configmaps', 'a/child')?.metadata.ownerReferences;
    expect(owners?.map(({ name }) => name)).toEqual(['other']);
    await cluster.delete('configmaps', 'a/other');
    expect(await left()).toEqual([]);
  });

  it('is not adopted by a new object of the same name', async () => {
    await configMap('child', ['owner']);
    await cluster.stop();
    await cluster.delete('configmaps', 'a/owner');
    await configMap('owner');
    await cluster.start();
    expect(await left()).toEqual(['owner']);
  });

  it('goes when its owner was never there', async () => {
    await configMap('child', ['nobody']);
    expect(await left()).toEqual(['owner']);
  });

  it('goes when its owner is in another namespace, and an Event says why', async () => {
    await configMap('child', ['owner'], {}, 'b');
    expect(await left()).toEqual(['owner']);
    expect(cluster.list('events', 'b')).toMatchObject([
      { type: 'Warning', reason: 'OwnerRefInvalidNamespace', involvedObject: { name: 'child' } },
    ]);
  });

  it('stays when its owner is of a kind that is not known here', async () => {
    const ownerReferences = [{ apiVersion: 'example.com/v1', kind: 'Thing', name: 'x', uid: 'y' }];
    await cluster.create('configmaps', { metadata: { name: 'child', namespace: 'a', ownerReferences } });
    expect(await left()).toEqual(['child', 'owner']);
  });
});

describe('a deletion in the foreground', () => {
  it('says nothing of other namespaces', async () => {
    await configMap('child', ['owner']);
    await cluster.delete('configmaps', 'a/owner', { propagationPolicy: 'Foreground' });
    expect(await left()).toEqual([]);
    expect(cluster.list('events', 'a')).toEqual([]);
  });

  it('ends when all that belongs to the object is gone', async () => {
    await configMap('child', ['owner'], { finalizers: ['example.com/f'] });
    await configMap('other-child', ['owner']);
    await cluster.delete('configmaps', 'a/owner', { propagationPolicy: 'Foreground' });
    expect(await left()).toEqual(['child', 'owner']);
    expect(cluster.get('configmaps', 'a/owner')?.metadata.finalizers).toEqual(['foregroundDeletion']);
    await cluster.change('configmaps', 'a/child', ({ metadata }) => ({
      metadata: { ...metadata, finalizers: [] },
    }));
    expect(await left()).toEqual([]);
  });

  it('ends when what is left no longer blocks it', async () => {
    await configMap('child', ['owner'], { finalizers: ['example.com/f'] });
    await cluster.delete('configmaps', 'a/owner', { propagationPolicy: 'Foreground' });
    expect(await left()).toEqual(['child', 'owner']);
    await cluster.change('configmaps', 'a/child', ({ metadata }) => ({
      metadata: {
        ...metadata,
        ownerReferences: metadata.ownerReferences?.map((each) => ({ ...each, blockOwnerDeletion: false })),
      },
    }));
    expect(await left()).toEqual(['child']);
  });

  it('ends at once when nothing belongs to it', async () => {
    await cluster.delete('configmaps', 'a/owner', { propagationPolicy: 'Foreground' });
    expect(await left()).toEqual([]);
  });

  it('goes on after a restart in the middle', async () => {
    await configMap('child', ['owner']);
    await configMap('grandchild', ['child']);
    await cluster.stop();
    await cluster.delete('configmaps', 'a/owner', { propagationPolicy: 'Foreground' });
    await cluster.start();
    expect(await left()).toEqual([]);
  });
});

describe('a deletion that orphans', () => {
  it('leaves what belonged to the object, which belongs to nobody then', async () => {
    await configMap('child', ['owner']);
    await cluster.delete('configmaps', 'a/owner', { propagationPolicy: 'Orphan' });
    expect(await left()).toEqual(['child']);
    expect(cluster.get('configmaps', 'a/child')?.metadata.ownerReferences ?? []).toEqual([]);
  });
});
