import { ControlledCluster } from '@menwei/testing/cluster/controlled-cluster.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry } from '../../registry/registry.ts';

let cluster: ControlledCluster;
let failing: string | undefined;

/** Deletes nothing of one resource. */
function refusing(registry: Registry): Registry {
  return new Proxy(registry, {
    get: (target, key: keyof Registry) =>
      key === 'deleteCollection'
        ? async (...args: Parameters<Registry['deleteCollection']>) => {
            if (args[0].resource === failing) throw new Error('disk full');
            return target.deleteCollection(...args);
          }
        : target[key].bind(target),
  });
}

beforeEach(async () => {
  failing = undefined;
  cluster = new ControlledCluster({ only: ['namespace-controller', 'namespace-contents'], wrap: refusing });
  await cluster.create('namespaces', { metadata: { name: 'tab' } });
  await cluster.start();
});

afterEach(() => cluster.stop());

async function pod(name: string, more: object = {}, spec: object = {}): Promise<void> {
  await cluster.create('pods', {
    metadata: { name, namespace: 'tab', ...more },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  });
}

function conditions(): Readonly<Record<string, string>> {
  const { conditions } = cluster.get('namespaces', 'tab')?.status ?? {};
  const troubled = conditions?.filter(({ status }) => status === 'True') ?? [];
  return Object.fromEntries(troubled.map(({ type = '', message = '' }) => [type, message]));
}

describe('a namespace that is deleted', () => {
  it('goes with all that is in it', async () => {
    await pod('p');
    await cluster.create('configmaps', { metadata: { name: 'c', namespace: 'tab' } });
    await cluster.settled();
    await cluster.delete('namespaces', 'tab');
    await cluster.settled();
    expect(cluster.get('namespaces', 'tab')).toBeUndefined();
    for (const name of ['pods', 'configmaps', 'serviceaccounts'] as const)
      expect(cluster.list(name, 'tab')).toEqual([]);
  });

  it('keeps the rest until the last pod is gone, and says what is left', async () => {
    await pod('p', { finalizers: ['example.com/f'] });
    await cluster.create('configmaps', { metadata: { name: 'c', namespace: 'tab' } });
    await cluster.settled();
    await cluster.delete('namespaces', 'tab');
    await cluster.settled();
    expect(cluster.get('pods', 'tab/p')?.metadata.deletionTimestamp).toBeDefined();
    expect(cluster.get('configmaps', 'tab/c')).toBeDefined();
    expect(conditions()).toEqual({
      NamespaceContentRemaining: 'Some resources are remaining: pods. has 1 resource instances',
      NamespaceFinalizersRemaining:
        'Some content in the namespace has finalizers remaining: example.com/f in 1 resource instances',
    });
    await cluster.change('pods', 'tab/p', ({ metadata }) => ({ metadata: { ...metadata, finalizers: [] } }));
    await cluster.settled();
    expect(cluster.get('namespaces', 'tab')).toBeUndefined();
  });

  it('keeps its own finalizers of others', async () => {
    await cluster.change('namespaces', 'tab', ({ metadata }) => ({
      metadata: { ...metadata, finalizers: ['example.com/n'] },
    }));
    await cluster.delete('namespaces', 'tab');
    await cluster.settled();
    expect(cluster.get('namespaces', 'tab')).toMatchObject({ metadata: { finalizers: ['example.com/n'] } });
    expect(cluster.list('serviceaccounts', 'tab')).toEqual([]);
  });

  it('tells what can not be deleted, and goes on trying', async () => {
    failing = 'configmaps';
    await cluster.delete('namespaces', 'tab');
    await expect.poll(() => conditions().NamespaceDeletionContentFailure).toBe('disk full');
    failing = undefined;
    await expect.poll(() => cluster.get('namespaces', 'tab')).toBeUndefined();
  });

  it('goes on after a restart in the middle', async () => {
    await cluster.stop();
    await pod('p');
    await cluster.delete('namespaces', 'tab');
    await cluster.start();
    await expect.poll(() => cluster.get('namespaces', 'tab')).toBeUndefined();
  });
});
