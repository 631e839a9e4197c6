import { describe, expect, it } from 'vitest';
import type { ApiObject } from '../cluster/schema/object.ts';
import { openMemoryStore } from '../cluster/store/local-store.ts';
import type { Store } from '../cluster/store/store.ts';
import { formatProblem } from '../kubernetes/objects.ts';
import { ObjectTables } from '../state/object-tables.ts';
import { createClusterSource } from './cluster.ts';

const service = (name: string, spec: object = {}, labels: Record<string, string> = {}): ApiObject => ({
  kind: 'Service',
  apiVersion: 'v1',
  metadata: { name, namespace: 'a', uid: name, labels },
  ...{ spec: { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'], ports: [{ port: 80 }], ...spec } },
});

/** One that knows of fields as the rules for Services have them. */
const openStore = () =>
  openMemoryStore({
    fieldsOf: () => (object) => {
      const { spec }: { readonly spec?: { readonly clusterIP: string } } = object as object;
      return { 'spec.clusterIP': spec?.clusterIP ?? '' };
    },
  });

const put = (store: Store, resource: string, object: ApiObject) =>
  store.transact((transaction) => transaction.put(resource, object));

/** The source at work for as long as `work` takes. */
async function whileFollowing(
  store: Store,
  objects: ObjectTables,
  work: (settled: () => Promise<void>) => Promise<void>,
): Promise<readonly string[]> {
  const told: string[] = [];
  const end = new AbortController();
  const report = (problem: Parameters<typeof formatProblem>[0]) => void told.push(formatProblem(problem));
  const running = createClusterSource({ store, nodeName: 'n1', report }).run(objects, end.signal);
  const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
  await settled();
  await work(settled);
  end.abort();
  await running;
  return told;
}

const names = (table: { readonly rows: ReadonlyMap<string, unknown> }) => [...table.rows.keys()].toSorted();

describe('the store of a cluster as a source', () => {
  it('gives what there is, then each change', async () => {
    const store = openStore();
    await put(store, 'services', service('one'));
    await put(store, 'nodes', { kind: 'Node', apiVersion: 'v1', metadata: { name: 'n1' } });
    await put(store, 'nodes', { kind: 'Node', apiVersion: 'v1', metadata: { name: 'n2' } });
    const objects = new ObjectTables('n1');
    await whileFollowing(store, objects, async (settled) => {
      expect(objects.syncedSources.rows.size).toBe(1);
      expect(names(objects.services)).toEqual(['a/one']);
      expect(names(objects.nodes)).toEqual(['/n1']);
      await put(store, 'services', service('two'));
      await store.transact((transaction) => transaction.delete('services', 'a', 'one'));
      await settled();
      expect(names(objects.services)).toEqual(['a/two']);
    });
  });

  it('leaves out what is another proxy’s, and headless', async () => {
    const store = openStore();
    const objects = new ObjectTables('n1');
    await whileFollowing(store, objects, async (settled) => {
      await put(store, 'services', service('one'));
      await put(store, 'services', service('two', { clusterIP: 'None', clusterIPs: ['None'] }));
      await settled();
      expect(names(objects.services)).toEqual(['a/one']);
      await put(store, 'services', service('one', {}, { 'service.kubernetes.io/service-proxy-name': 'x' }));
      await settled();
      expect(names(objects.services)).toEqual([]);
    });
  });

  it('keeps the last good version of what can’t be used, and says so', async () => {
    const store = openStore();
    await put(store, 'services', service('one'));
    const objects = new ObjectTables('n1');
    const told = await whileFollowing(store, objects, async (settled) => {
      await put(store, 'services', service('one', { ports: [{ port: 0 }] }));
      await settled();
      expect(names(objects.services)).toEqual(['a/one']);
      expect(names(objects.stale)).toEqual(['Service/a/one']);
    });
    expect(told).toHaveLength(1);
  });

  it('removes what is gone since it ran last', async () => {
    const store = openStore();
    await put(store, 'services', service('one'));
    await put(store, 'services', service('two'));
    const objects = new ObjectTables('n1');
    await whileFollowing(store, objects, async () => undefined);
    await store.transact((transaction) => transaction.delete('services', 'a', 'one'));
    await whileFollowing(store, objects, async () => undefined);
    expect(names(objects.services)).toEqual(['a/two']);
  });
});
