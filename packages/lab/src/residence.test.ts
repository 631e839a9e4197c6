import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { askResidentLab, findResidentLab, makeResidence, serveResidentLab } from './residence.ts';

const parent = mkdtempSync(join(tmpdir(), 'menwei-residence-'));
const folder = join(parent, 'lab');
const paths = { folder, socket: join(folder, 'socket'), log: join(folder, 'log') };
afterAll(() => rmSync(parent, { recursive: true }));

describe('the folder of a lab', () => {
  it('belongs to one process that brings it up, as long as that runs', async () => {
    makeResidence(paths);
    const [idle, leftover] = ['setTimeout(() => undefined, 60_000)', join(folder, 'leftover')];
    const other = spawn(process.execPath, ['-e', idle, 'lab', 'up']);
    await once(other, 'spawn');
    writeFileSync(leftover, '');
    writeFileSync(join(folder, 'builder'), `${other.pid}\n`);
    expect(() => makeResidence(paths)).toThrow(`process ${other.pid} is bringing it up already`);
    expect(existsSync(leftover)).toBe(true);
    other.kill();
    await once(other, 'exit');
    makeResidence(paths);
    expect(existsSync(leftover)).toBe(false);
  });
});

describe('a resident lab', () => {
  it('says what there is, does what it knows, and tells why not', async () => {
    makeResidence(paths);
    expect(await findResidentLab(paths)).toBeUndefined();
    const done: unknown[] = [];
    const status = { pid: 7, hosts: [], proxies: [], loadBalancers: [] };
    const server = await serveResidentLab(paths, {
      status: async () => status,
      actions: {
        restart: async (input) => void done.push(input),
        ready: () => Promise.reject(new Error('there is no pod web')),
      },
    });
    expect(await findResidentLab(paths)).toEqual(status);
    await askResidentLab(paths, 'restart', { node: 'a' });
    expect(done).toEqual([{ node: 'a' }]);
    await expect(askResidentLab(paths, 'ready')).rejects.toThrow('there is no pod web');
    await expect(askResidentLab(paths, 'constructor')).rejects.toThrow('unknown to this lab');
    server.close();
    await once(server, 'close');
    await expect(askResidentLab(paths, 'restart')).rejects.toThrow('it is not running any more');
  });
});
