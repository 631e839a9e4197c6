import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LogFields, type Logger, silentLogger } from '../../log/logger.ts';
import { backupStore, readStore } from './backup.ts';
import type { StoreStart } from './draft.ts';
import { selectableFields } from './encoding.ts';
import { openFileStore } from './file-store.ts';
import { FileWriter } from './file-writer.ts';
import { loadStoreFile } from './load.ts';
import type { Store } from './store.ts';

let root: string;
/** A folder with many objects, in snapshot and log, that was closed well. */
let whole: string;
/** One whose process has ended at once: all of it is in SQLite's own log. */
let killed: string;
let folder: string;
let expected: readonly string[];

const configMap = (name: string, value: string) => {
  const metadata = { name, namespace: 'default' };
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { value } };
  return object;
};

function contentOf({ objects, events }: Pick<StoreStart, 'objects' | 'events'>): readonly string[] {
  return [
    ...Array.from(objects.all(), ({ bytes }) => bytes.toString()),
    ...events.map(({ type, object, old }) => `${type} ${object.bytes} ${old?.bytes}`),
  ];
}

const open = (where: string, logger: Logger = silentLogger) =>
  openFileStore({ folder: where, sync: 'full', logger });

async function write(store: Store, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const object = configMap(`c${index % 7}`, `${index} `.repeat(index % 5 === 0 ? 2_000 : 40));
    await store.transact((transaction) => transaction.put('configmaps', object));
  }
  await store.transact((transaction) => transaction.delete('configmaps', 'default', 'c3'));
  await store.transact((transaction) => transaction.put('configmaps', configMap('last', 'x'.repeat(20_000))));
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'menwei-damaged-'));
  whole = join(root, 'whole');
  killed = join(root, 'killed');
  const store = await open(whole);
  await write(store, 60);
  cpSync(whole, killed, { recursive: true });
  await store.close();
  // Half of the log into the snapshot, as after some hours.
  compactDown(join(whole, 'store.sqlite'));
  expected = contentOf(loadStoreFile(join(whole, 'store.sqlite'), selectableFields));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  folder = join(root, 'case');
  rmSync(folder, { recursive: true, force: true });
});

function compactDown(path: string): void {
  const writer = new FileWriter({ path, sync: 'full' }, { minRows: 20 });
  expect(writer.compact(1_000)).toBe(false);
  writer.close(63);
}

function flip(path: string, at: number, bits: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ bits;
  writeFileSync(path, bytes);
}

/** What is read; undefined if it is refused, in one line that names the file. */
function read(): readonly string[] | undefined {
  try {
    return contentOf(loadStoreFile(join(folder, 'store.sqlite'), selectableFields));
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    expect(message).toMatch(/^\S+store\.sqlite: (damaged: |its format is)/);
    expect(message).not.toContain('\n');
    return undefined;
  }
}

/** The same places at each run, all over the file. */
function* places(size: number, count: number): Generator<{ readonly at: number; readonly bits: number }> {
  for (let index = 0; index < count; index++) {
    yield { at: (index * 7_919 + (index < 40 ? index - index * 7_919 : 0)) % size, bits: 1 << (index % 8) };
  }
}

describe('a file with a byte that is not what was written', () => {
  it('is refused, or all that was written is read from it', () => {
    const file = join(folder, 'store.sqlite');
    const { length } = readFileSync(join(whole, 'store.sqlite'));
    let refused = 0;
    for (const { at, bits } of places(length, 120)) {
      rmSync(folder, { recursive: true, force: true });
      cpSync(whole, folder, { recursive: true });
      flip(file, at, bits);
      const content = read();
      if (content === undefined) refused += 1;
      else expect(content, `bits ${bits} at ${at}`).toEqual(expected);
    }
    expect(refused).toBeGreaterThan(20);
  });

  it('is refused when that is in the log of SQLite, before an answered write', async () => {
    const log = join(folder, 'store.sqlite-wal');
    const { length } = readFileSync(join(killed, 'store.sqlite-wal'));
    for (const { at, bits } of places(Math.floor(length * 0.9), 60)) {
      rmSync(folder, { recursive: true, force: true });
      cpSync(killed, folder, { recursive: true });
      flip(log, at, bits);
      const message = 'store.sqlite-wal: damaged: at byte';
      await expect(open(folder), `bits ${bits} at ${at}`).rejects.toThrow(message);
      expect(() => readStore(folder)).toThrow(message);
      expect(() => backupStore(folder, join(root, 'backup'))).toThrow(message);
    }
  });
});

describe('a file that was cut', () => {
  it('is refused wherever it ends', () => {
    const { length } = readFileSync(join(whole, 'store.sqlite'));
    for (let part = 0; part < 10; part++) {
      rmSync(folder, { recursive: true, force: true });
      cpSync(whole, folder, { recursive: true });
      truncateSync(join(folder, 'store.sqlite'), Math.floor((length * part) / 10));
      expect(read(), `${part} tenths`).toBeUndefined();
    }
  });

  it('is read to its last whole write when that is the log of SQLite, and one line says so', async () => {
    cpSync(killed, folder, { recursive: true });
    const log = join(folder, 'store.sqlite-wal');
    truncateSync(log, readFileSync(log).length - 100);
    const lines: string[] = [];
    const warn = (_: LogFields, message: string) => lines.push(message);
    const store = await open(folder, { ...silentLogger, warn });
    expect(store.get('configmaps', 'default', 'c3')).toBeUndefined();
    expect(store.get('configmaps', 'default', 'last')).toBeUndefined();
    expect(store.revision).toBeGreaterThan(63);
    await store.close();
    expect(lines).toEqual([
      expect.stringMatching(
        /-wal: the last write was not finished and not answered: \d pages of it are left out$/,
      ),
    ]);
  });
});

describe('a file that is not ours', () => {
  it('is refused when a newer version has written it', async () => {
    cpSync(whole, folder, { recursive: true });
    const database = new DatabaseSync(join(folder, 'store.sqlite'));
    database.exec('PRAGMA user_version = 2');
    database.close();
    await expect(open(folder)).rejects.toThrow(
      `${join(folder, 'store.sqlite')}: its format is 2, and this version of menwei knows formats up to 1`,
    );
  });

  it('is refused when it is empty, or gone with its log left behind', async () => {
    cpSync(killed, folder, { recursive: true });
    rmSync(join(folder, 'store.sqlite'));
    await expect(open(folder)).rejects.toThrow(
      'store.sqlite: damaged: it is missing, and store.sqlite-wal is there',
    );
    rmSync(join(folder, 'store.sqlite-wal'));
    writeFileSync(join(folder, 'store.sqlite'), '');
    await expect(open(folder)).rejects.toThrow('store.sqlite: damaged: it is not the store of a cluster');
    copyFileSync(import.meta.filename, join(folder, 'store.sqlite'));
    await expect(open(folder)).rejects.toThrow(
      /store\.sqlite: damaged: file is not a database .*: bring back a backup with "menwei cluster restore"$/,
    );
  });
});
