import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { crashStore } from './stress/store-crash.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'menwei-crash-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a store whose process is killed has all that was answered, nothing by halves, and watches go on', async () => {
  const answers = await crashStore({ folder: join(folder, 'data'), seed: 7, rounds: 5, writes: 800 });
  expect(answers).toBeGreaterThanOrEqual(800);
});
