import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FullDisk } from '../stress/store-full-disk.ts';

const SCRIPT = join(import.meta.dirname, '../stress/store-full-disk.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'menwei-full-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a store on a full disk refuses writes, reads on, starts again, and goes on when there is space', () => {
  const node = '"$1" --disable-warning=ExperimentalWarning "$2" "$0"';
  const command = `mount -t tmpfs -o size=12m none "$0" && exec ${node}`;
  const args = ['-m', 'sh', '-c', command, folder, process.execPath, SCRIPT];
  const found: FullDisk = JSON.parse(execFileSync('unshare', args, { encoding: 'utf8' }));
  const why = `can't write ${folder}/data/store.sqlite: no space left on device`;
  expect(found.refusal).toBe(`StatusError: Internal error occurred: ${why}`);
  expect(found.trouble).toBe(why);
  expect(found.answered).toBeGreaterThan(50);
  expect(found.readable).toBe(found.answered);
  expect(found.restarted).toBe(found.answered);
  expect(found.troubleWithSpace).toBeUndefined();
  expect(found.inTheEnd).toBeGreaterThan(found.answered);
});
