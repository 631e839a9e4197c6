import { describe, expect, it } from 'vitest';
import type { ApiObject } from '../schema/object.ts';
import { openMemoryStore } from './local-store.ts';
import type { StoredObject, Transaction } from './store.ts';

function configMap(name: string, data: Readonly<Record<string, string>> = {}, namespace = 'default') {
  const metadata = { name, namespace, uid: `uid-${name}`, creationTimestamp: '2026-01-01T00:00:00Z' };
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data };
  return object;
}

const textOf = ({ bytes }: StoredObject) => bytes.toString();
const namesOf = (list: Iterable<StoredObject>) => Array.from(list, ({ name }) => name);

describe('an object in the store', () => {
  it('is its canonical JSON, with the revision where Kubernetes writes it', async () => {
    const store = openMemoryStore();
    const stored = await store.transact((transaction) =>
      transaction.put('configmaps', configMap('a', { k: 'v' })),
    );
    expect(textOf(stored)).toBe(
      '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"default","uid":"uid-a",' +
        '"resourceVersion":"2","creationTimestamp":"2026-01-01T00:00:00Z"},"data":{"k":"v"}}',
    );
    expect(stored.revision).toBe(2);
    expect(store.revision).toBe(2);
  });

  it('is not written again when nothing but its resourceVersion differs', async () => {
    const store = openMemoryStore();
    const put = (object: ApiObject) => store.transact((transaction) => transaction.put('configmaps', object));
    const first = await put(configMap('a'));
    const metadata = { ...configMap('a').metadata, resourceVersion: '1' };
    const { name, namespace, uid, creationTimestamp } = metadata;
    const inOrder = { name, namespace, uid, resourceVersion: '1', creationTimestamp };
    expect(await put({ ...configMap('a'), metadata: inOrder })).toBe(first);
    expect(store.revision).toBe(2);
    expect(store.eventsAfter(2)).toEqual([]);
  });

  it('keeps keys that JavaScript has a meaning for', async () => {
    const store = openMemoryStore();
    const metadata = {
      ...configMap('a').metadata,
      labels: JSON.parse('{"__proto__":"x","constructor":"y"}'),
    };
    const stored = await store.transact((each) => each.put('configmaps', { ...configMap('a'), metadata }));
    expect(textOf(stored)).toContain('"labels":{"__proto__":"x","constructor":"y"}');
    const deleted = await store.transact((each) => each.delete('configmaps', 'default', 'a'));
    expect(textOf(deleted)).toBe(textOf(stored).replace('"resourceVersion":"2"', '"resourceVersion":"3"'));
  });

  it('is found by its owners, a pod by its node, a slice by its Service', async () => {
    const store = openMemoryStore({
      fieldsOf: (resource) => (resource === 'pods' ? () => ({ 'spec.nodeName': 'n1' }) : undefined),
    });
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'uid-p' }];
    await store.transact((transaction) => {
      transaction.put('pods', configMap('p'));
      const labels = { 'kubernetes.io/service-name': 'web' };
      const metadata = { ...configMap('s').metadata, labels, ownerReferences };
      transaction.put('endpointslices', { ...configMap('s'), metadata });
      expect(namesOf(transaction.ownedBy('uid-p'))).toEqual(['s']);
    });
    expect(namesOf(store.ownedBy('uid-p'))).toEqual(['s']);
    expect(namesOf(store.listBy('pods', 'nodeName', 'n1'))).toEqual(['p']);
    expect(namesOf(store.listBy('pods', 'nodeName', 'n'))).toEqual([]);
    expect(namesOf(store.listBy('endpointslices', 'serviceName', 'default/web'))).toEqual(['s']);
    await store.transact((transaction) => transaction.put('endpointslices', configMap('s')));
    expect(namesOf(store.ownedBy('uid-p'))).toEqual([]);
    expect(namesOf(store.listBy('endpointslices', 'serviceName', 'default/web'))).toEqual([]);
  });
});

describe('a transaction', () => {
  it('is over when its work is', async () => {
    const store = openMemoryStore();
    let kept: Transaction | undefined;
    await store.transact((transaction) => {
      kept = transaction;
    });
    expect(() => kept?.put('configmaps', configMap('late'))).toThrow(
      'BUG: a transaction is used after its end',
    );
    const nested = store.transact(() => store.rehearse(() => undefined));
    await expect(nested).rejects.toThrow('BUG: a transaction inside of another one');
    await expect(store.transact(async () => undefined)).rejects.toThrow('BUG');
    expect(store.revision).toBe(1);
  });
});

describe('Events', () => {
  it('are kept up to a number, and those written the longest ago go first', async () => {
    const store = openMemoryStore({ maxEvents: 2 });
    const put = (name: string, note: string) =>
      store.transact((transaction) => transaction.put('events', configMap(name, { note })));
    await put('a', '1');
    await put('b', '1');
    await put('a', '2');
    await put('c', '1');
    expect(namesOf(store.list('events'))).toEqual(['a', 'c']);
    expect(store.eventsAfter(4)?.map(({ type, object }) => [type, object.name])).toEqual([
      ['ADDED', 'c'],
      ['DELETED', 'b'],
    ]);
  });
});

describe('who is told', () => {
  it('hears of events in order, also when a listener writes', async () => {
    const store = openMemoryStore();
    const told: string[] = [];
    const writes: Promise<unknown>[] = [];
    const first = store.subscribe(({ object }) => {
      if (object.name === 'a') {
        writes.push(store.transact((transaction) => transaction.put('configmaps', configMap('b'))));
      }
    });
    store.subscribe(({ object, revision }) => told.push(`${object.name} ${revision}`));
    await store.transact((transaction) => transaction.put('configmaps', configMap('a')));
    await Promise.all(writes);
    expect(told).toEqual(['a 2', 'b 3']);
    first[Symbol.dispose]();
    await store.transact((transaction) => transaction.delete('configmaps', 'default', 'a'));
    expect(store.get('configmaps', 'default', 'b')).toBeDefined();
  });

  it('wakes when there is something to take, and only then', async () => {
    const store = openMemoryStore();
    const reader = store.reader(['configmaps']);
    const controller = new AbortController();
    await reader.changed(controller.signal);
    expect(reader.take()).toEqual([]);
    let isAwake = false;
    const awake = reader.changed(controller.signal).then(() => {
      isAwake = true;
    });
    await store.transact((transaction) => transaction.put('pods', configMap('p')));
    await store.transact((transaction) => {
      transaction.put('configmaps', configMap('a'));
      transaction.delete('configmaps', 'default', 'a');
    });
    await new Promise(setImmediate);
    expect(isAwake).toBe(false);
    await store.transact((transaction) => transaction.put('configmaps', configMap('a')));
    await awake;
    expect(reader.take().map(({ before, after }) => [before?.name, after?.name])).toEqual([[undefined, 'a']]);
    const never = reader.changed(controller.signal);
    controller.abort();
    await never;
    reader.close();
    expect(reader.take()).toEqual([]);
  });
});
