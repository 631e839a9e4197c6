import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../../log/logger.ts';
import { backupStore, readStore, restoreStore } from './backup.ts';
import { type FileStoreOptions, openFileStore } from './file-store.ts';
import type { Store, StoredObject } from './store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'menwei-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (where = folder, more: Partial<FileStoreOptions> = {}) =>
  openFileStore({ folder: where, sync: 'full', logger: silentLogger, ...more });

function configMap(name: string, value = '') {
  const object = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name, namespace: 'default' },
    data: { value },
  };
  return object;
}

const put = (store: Store, name: string, value?: string, resource = 'configmaps') =>
  store.transact((transaction) => transaction.put(resource, configMap(name, value)));
const remove = (store: Store, name: string) =>
  store.transact((transaction) => transaction.delete('configmaps', 'default', name));
const textsOf = (list: Iterable<StoredObject> | undefined) =>
  list === undefined ? undefined : Array.from(list, ({ bytes }) => bytes.toString());

describe('a store in a file', () => {
  it('is there again after a restart, with its history', async () => {
    const first = await open();
    await put(first, 'a', '1');
    await put(first, 'b', '1');
    await put(first, 'a', '2');
    await remove(first, 'b');
    const list = textsOf(first.list('configmaps'));
    const events = first.eventsAfter(1);
    const then = textsOf(first.listAt(3, 'configmaps'));
    await first.close();
    const second = await open();
    expect(second.revision).toBe(5);
    expect(second.floor).toBe(1);
    expect(textsOf(second.list('configmaps'))).toEqual(list);
    expect(second.eventsAfter(1)).toEqual(events);
    expect(textsOf(second.listAt(3, 'configmaps'))).toEqual(then);
    expect((await put(second, 'c')).revision).toBe(6);
    await second.close();
  });

  it('sees writes that are not committed in transactions alone, and commits all that wait together', async () => {
    const store = await open();
    const told: number[] = [];
    store.subscribe(({ revision }) => told.push(revision));
    const writes = Array.from({ length: 50 }, (_, index) =>
      store.transact((transaction) => {
        expect(transaction.count('configmaps')).toBe(index);
        return transaction.put('configmaps', configMap(`c${index}`));
      }),
    );
    expect(store.count('configmaps')).toBe(0);
    expect(store.rehearse((transaction) => transaction.count('configmaps'))).toBe(50);
    await writes[0];
    expect(store.count('configmaps')).toBeGreaterThan(0);
    await Promise.all(writes);
    expect(told).toEqual(Array.from({ length: 50 }, (_, index) => index + 2));
    await store.close();
    await expect(put(store, 'late')).rejects.toThrow('the store is closed');
  });

  it('answers an Event at once, and has it after a restart', async () => {
    const store = await open();
    await put(store, 'a');
    const event = put(store, 'e', '', 'events');
    expect(store.count('events')).toBe(1);
    await event;
    await store.close();
    const again = await open();
    expect(again.count('events')).toBe(1);
    expect(again.revision).toBe(3);
    await again.close();
  });

  it('moves what is old from the log into the snapshot, and is the same after a restart', async () => {
    const limits = { minEvents: 10, minMs: 0, maxEvents: 100, maxBytes: 1_000_000 };
    const store = await open(folder, { limits, compactEveryMs: 20 });
    await Promise.all(Array.from({ length: 1_300 }, (_, index) => put(store, `c${index % 300}`, `${index}`)));
    await remove(store, 'c7');
    const file = new DatabaseSync(join(folder, 'store.sqlite'), { readOnly: true });
    const countOf = (table: string) =>
      Number(file.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
    await expect.poll(() => countOf('log')).toBe(1_000);
    expect(countOf('objects')).toBe(300);
    file.close();
    const list = textsOf(store.list('configmaps'));
    const events = store.eventsAfter(1_292);
    await store.close();
    const again = await open();
    expect(textsOf(again.list('configmaps'))).toEqual(list);
    expect(again.floor).toBe(302);
    expect(again.eventsAfter(1_292)).toEqual(events);
    expect(again.eventsAfter(301)).toBeUndefined();
    await again.close();
  });

  it('keeps fields that it does not know', async () => {
    const store = await open();
    const future = { ...configMap('a'), future: { deep: [1, null, { x: '' }] } };
    await store.transact((transaction) => transaction.put('configmaps', future));
    await store.close();
    const again = await open();
    expect(textsOf(again.list('configmaps'))?.[0]).toContain('"future":{"deep":[1,null,{"x":""}]}');
    await again.close();
  });

  it('belongs to one process', async () => {
    const store = await open();
    await expect(open()).rejects.toThrow(`${folder}: in use by process ${process.pid}`);
    await store.close();
    await (await open()).close();
  });

  it('is private', async () => {
    const store = await open(join(folder, 'new/data'));
    await put(store, 'a');
    await store.close();
    expect(readdirSync(join(folder, 'new/data')).sort()).toEqual(['lock', 'lock.pid', 'store.sqlite']);
  });
});

describe('a store whose file can not be written', () => {
  it('refuses writes, reads on, says why, and goes on by itself', async () => {
    const told: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      error: (_: object, text: string) => told.push(text),
      info: (_: object, text: string) => told.push(text),
    };
    const store = await open(folder, { logger });
    await put(store, 'a', '1');
    const other = new DatabaseSync(join(folder, 'store.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    const why = `can't write ${join(folder, 'store.sqlite')}: database is locked`;
    const refused = Promise.allSettled([
      put(store, 'a', '2'),
      put(store, 'b'),
      put(store, 'e', '', 'events'),
    ]);
    for (const result of await refused) {
      const reason = result.status === 'rejected' ? result.reason : undefined;
      expect(reason).toMatchObject({
        code: 500,
        message: expect.stringContaining(`Internal error occurred: ${why}`),
      });
    }
    expect(store.trouble).toContain(why);
    expect(textsOf(store.list('configmaps'))?.[0]).toContain('"value":"1"');
    expect(store.revision).toBe(2);
    other.exec('ROLLBACK');
    other.close();
    await expect.poll(() => store.trouble).toBeUndefined();
    expect(told).toEqual(['the store can not be written; writes are refused', 'the store is written again']);
    expect((await put(store, 'a', '3')).revision).toBe(3);
    await store.close();
    const again = await open();
    expect(textsOf(again.list('configmaps'))?.[0]).toContain('"value":"3"');
    await again.close();
  });
});

describe('revisions that may have been given away before power was lost', () => {
  it('are not used again, and watches do not resume from them', async () => {
    const store = await open(join(folder, 'data'));
    await put(store, 'a');
    cpSync(join(folder, 'data'), join(folder, 'copy'), { recursive: true });
    await put(store, 'e', '', 'events');
    await store.close();
    const lost = await open(join(folder, 'copy'));
    expect(lost.revision).toBeGreaterThan(3);
    expect(lost.eventsAfter(2)).toEqual([]);
    expect(lost.eventsAfter(3)).toBeUndefined();
    expect(lost.listAt(3, 'configmaps')).toBeUndefined();
    expect(lost.eventsAfter(lost.revision)).toEqual([]);
    expect((await put(lost, 'b')).revision).toBe(lost.revision);
    await lost.close();
  });
});

describe('a backup', () => {
  it('is made of a store that runs, and restored into an empty folder', async () => {
    const store = await open();
    await put(store, 'a', '1');
    await put(store, 'b', '1');
    await remove(store, 'b');
    const file = join(folder, 'backup');
    backupStore(folder, file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(() => backupStore(folder, file)).toThrow(`${file}: there is a file already`);
    await put(store, 'a', '2');
    expect(() => restoreStore(file, folder)).toThrow(`${folder}: not empty`);
    const other = join(folder, 'other');
    restoreStore(file, other);
    expect(readStore(other).revision).toBe(1_000_004);
    const restored = await open(other);
    expect(textsOf(restored.list('configmaps'))).toEqual(textsOf(store.listAt(2, 'configmaps')));
    expect(restored.revision).toBe(1_000_004);
    expect(restored.eventsAfter(5)).toBeUndefined();
    expect((await put(restored, 'c')).revision).toBe(1_000_005);
    await restored.close();
    await store.close();
    expect(existsSync(`${file}.new`)).toBe(false);
  });
});
