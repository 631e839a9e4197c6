import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { selectableFields } from './encoding.ts';
import { FileWriter } from './file-writer.ts';
import { loadStoreFile } from './load.ts';
import { createStoreFile } from './store-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'menwei-writer-'));
  path = join(folder, 'store.sqlite');
  createStoreFile(path, 1);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const row = (revision: number, name: string) => ({
  revision,
  key: `configmaps/a/${name}`,
  value: Buffer.from(`{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"${name}","namespace":"a"}}`),
});
const namesIn = () =>
  Array.from(loadStoreFile(path, selectableFields).objects.list('configmaps'), ({ name }) => name);

describe('a batch', () => {
  it('replaces what a failed one before it has left', () => {
    const writer = new FileWriter({ path, sync: 'full' });
    writer.write({ rows: [row(2, 'a')], base: 1, reserve: 100 });
    writer.write({ rows: [row(3, 'failed'), row(4, 'failed-too')], base: 2, reserve: undefined });
    writer.write({ rows: [row(3, 'b')], base: 2, reserve: undefined });
    expect(namesIn()).toEqual(['a', 'b']);
    writer.write({ rows: [row(4, 'failed')], base: 3, reserve: undefined });
    writer.probe(3);
    writer.close(3);
    expect(namesIn()).toEqual(['a', 'b']);
    expect(loadStoreFile(path, selectableFields)).toMatchObject({ revision: 3, lastKnown: 3, floor: 1 });
  });

  it('is there as a whole or not at all', () => {
    const writer = new FileWriter({ path, sync: 'full' });
    const twice = { rows: [row(2, 'a'), row(2, 'b')], base: 1, reserve: undefined };
    expect(() => writer.write(twice)).toThrow(`can't write ${path}: UNIQUE constraint failed: log.rv`);
    expect(namesIn()).toEqual([]);
    writer.write({ rows: [row(2, 'a')], base: 1, reserve: undefined });
    expect(namesIn()).toEqual(['a']);
    writer.close(2);
  });
});

describe('a file that is gone while it is in use', () => {
  const GONE = /was removed or replaced while it was in use/;
  const begin = () => {
    const writer = new FileWriter({ path, sync: 'full' });
    writer.write({ rows: [row(2, 'a')], base: 1, reserve: 100 });
    return writer;
  };
  const next = { rows: [row(3, 'b')], base: 2, reserve: undefined };

  it('takes no write, and is not made anew', () => {
    const writer = begin();
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    expect(() => writer.write(next)).toThrow(GONE);
    expect(() => writer.write(next)).toThrow(GONE);
    expect(() => writer.probe(2)).toThrow(GONE);
    expect(() => writer.close(2)).toThrow(GONE);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves the one in its place alone', () => {
    const writer = begin();
    const other = join(folder, 'other');
    createStoreFile(other, 50);
    rmSync(`${path}-wal`);
    renameSync(other, path);
    expect(() => writer.write(next)).toThrow(GONE);
    expect(() => writer.write(next)).toThrow(GONE);
    expect(loadStoreFile(path, selectableFields)).toMatchObject({ revision: 50 });
  });

  it('has all that was answered when its log alone was removed', () => {
    const writer = begin();
    rmSync(`${path}-wal`);
    expect(() => writer.write(next)).toThrow(GONE);
    writer.write(next);
    expect(namesIn()).toEqual(['a', 'b']);
    writer.close(3);
    expect(namesIn()).toEqual(['a', 'b']);
  });
});

describe('sync normal', () => {
  it('leaves the sync for a moment later, but for what no later one makes good', () => {
    const writer = new FileWriter({ path, sync: 'normal' });
    writer.write({ rows: [row(2, 'a')], base: 1, reserve: 100 });
    expect(writer.mustSync).toBe(false);
    writer.write({ rows: [row(3, 'b')], base: 2, reserve: undefined });
    expect(writer.mustSync).toBe(true);
    writer.sync();
    expect(writer.mustSync).toBe(false);
    writer.write({ rows: [row(4, 'c')], base: 3, reserve: undefined });
    writer.close(4);
    writer.sync();
    expect(namesIn()).toEqual(['a', 'b', 'c']);
  });
});
