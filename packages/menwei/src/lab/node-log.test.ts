import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NodeLog } from './node-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'menwei-node-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the log of a node', () => {
  it('has all lines, and knows the last one of this process', () => {
    const log = new NodeLog(join(folder, 'log'));
    expect(log.lastLine()).toBe('it has said nothing');
    log.write('one\n');
    log.write('menwei: two\n');
    expect(log.lastLine()).toBe('two');
    log.begin();
    expect(log.lastLine()).toBe('it has said nothing');
    expect(readFileSync(log.path, 'utf8')).toBe('one\nmenwei: two\n');
  });

  it('begins anew before it fills the memory', () => {
    const log = new NodeLog(join(folder, 'long'));
    for (let round = 0; round < 40; round++) log.write('x'.repeat(2 ** 20));
    expect(statSync(log.path).size).toBeLessThan(34 * 2 ** 20);
    expect(readFileSync(log.path, 'latin1').slice(0, 80)).toMatch(
      /^\(longer than 32 MiB: it begins anew here\)\n/,
    );
  });

  it('goes on without a disk', () => {
    const path = join(folder, 'full');
    symlinkSync('/dev/full', path);
    const log = new NodeLog(path);
    log.write('lost\n');
    expect(log.fault).toMatch(/ENOSPC/);
    expect(log.lastLine()).toBe('lost');
  });
});
