import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { findProgram } from './find-program.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'find-program-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it('finds the first of the PATH that is a program', () => {
  for (const name of ['folder', 'text', 'program']) mkdirSync(join(folder, name));
  mkdirSync(join(folder, 'folder/tool'));
  writeFileSync(join(folder, 'text/tool'), '', { mode: 0o644 });
  writeFileSync(join(folder, 'program/tool'), '', { mode: 0o755 });
  vi.stubEnv('PATH', ['none', 'folder', 'text', 'program'].map((name) => join(folder, name)).join(':'));
  expect(findProgram('tool')).toBe(join(folder, 'program/tool'));
  vi.stubEnv('PATH', ['text', 'folder'].map((name) => join(folder, name)).join(':'));
  expect(() => findProgram('tool')).toThrow('EACCES');
});

it.each(['', '.', ':/usr/bin:', undefined])('looks in no working directory with PATH %j', (path) => {
  const former = process.cwd();
  process.chdir(folder);
  try {
    writeFileSync('only-here', '', { mode: 0o755 });
    vi.stubEnv('PATH', path);
    expect(() => findProgram('only-here')).toThrow('ENOENT');
    if (path !== '.') expect(findProgram('env')).toMatch(/^\/(usr\/)?bin\/env$/);
  } finally {
    process.chdir(former);
  }
});
