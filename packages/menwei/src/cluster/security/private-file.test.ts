import { execFileSync } from 'node:child_process';
import { lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTextFile } from './file-error.ts';
import { writePrivateFile } from './private-file.ts';

let folder: string;
let path: string;
let draft: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'private-'));
  path = join(folder, 'key');
  draft = join(folder, `.key.${process.pid}.new`);
});
afterEach(() => rm(folder, { recursive: true }));

describe('a private file, in a folder that others may write to', () => {
  it('does not go where a link leads that stands in the place of its draft', async () => {
    const victim = join(folder, 'victim');
    await writeFile(victim, 'as before');
    await symlink(victim, draft);
    await writePrivateFile(path, 'secret');
    expect(await readFile(victim, 'utf8')).toBe('as before');
    expect((await lstat(path)).isFile()).toBe(true);
    expect(await readFile(path, 'utf8')).toBe('secret');
  });

  it('is not readable by all because a file was there that is', async () => {
    await writeFile(draft, '', { mode: 0o666 });
    await writePrivateFile(path, 'secret');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['key']);
  });

  it('does not take the place of a pipe or device, and waits for none', async () => {
    execFileSync('mkfifo', [path]);
    await expect(writePrivateFile(path, 'secret')).rejects.toThrow('not a regular file');
    expect((await stat(path)).isFIFO()).toBe(true);
    await expect(readTextFile(path)).rejects.toThrow(`${path}: can't be read (not a regular file)`);
  });
});

describe('a private file that has its text already', () => {
  it('is not written: on a full disk that would fail', async () => {
    await writePrivateFile(path, 'secret');
    const { ino } = await stat(path);
    await writePrivateFile(path, 'secret');
    expect((await stat(path)).ino).toBe(ino);
    await writePrivateFile(path, 'another');
    expect(await readFile(path, 'utf8')).toBe('another');
  });
});
