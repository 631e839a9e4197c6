import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileJournal } from './file-journal.ts';
import { createStoreFile } from './store-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'menwei-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('says so when its thread ends in the middle of a write, and goes on with another one', async () => {
  const path = join(folder, 'store.sqlite');
  createStoreFile(path, 1);
  const workers: Worker[] = [];
  const journal = new FileJournal({ path, sync: 'full' }, (workerData) => {
    const thread = new URL('./file-thread.ts', import.meta.url);
    const worker = new Worker(thread, { workerData, execArgv: ['--disable-warning=ExperimentalWarning'] });
    workers.push(worker);
    return worker;
  });
  const write = journal.write({ events: [], base: 1 });
  await workers[0]?.terminate();
  expect(await write).toBe(`can't write ${path}: the thread that does has failed: it ended`);
  expect(await journal.write({ events: [], base: 1 })).toBeUndefined();
  expect(await journal.write({ events: [], base: 7 })).toContain(
    'revision 7 was written, and the file ends at 1',
  );
  expect(workers).toHaveLength(2);
  await journal.close(1);
});
