import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Logger, silentLogger } from '../log/logger.ts';
import { type EndpointHealth, type HealthState, healthKey } from '../state/endpoint-health.ts';
import { State } from '../state/state.ts';
import { VerdictKeeper } from './verdict-keeper.ts';

const folder = mkdtempSync(join(tmpdir(), 'menwei-verdicts-'));
afterAll(() => rmSync(folder, { recursive: true }));

function row(endpoint: string, state: HealthState): EndpointHealth {
  return { port: 'ns/web/TCP', endpoint, state, sinceMs: 1000, result: 'refused', detail: '', checkers: [] };
}

/** A proxy's tables and keeper; it runs until `end` is called. */
function open(path: string) {
  const state = new State('node-a');
  const told: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_fields, message) => told.push(message) };
  const tables = [state.families.IPv4, state.families.IPv6];
  const keeper = new VerdictKeeper({ path, tables, logger });
  keeper.restore();
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  return {
    told,
    rows: () => [...state.families.IPv4.health.rows.values(), ...state.families.IPv6.health.rows.values()],
    put: (family: 'IPv4' | 'IPv6', each: EndpointHealth) =>
      state.families[family].health.put(healthKey(each.port, each.endpoint), each),
    run: () => {
      running = keeper.run(stop.signal, () => undefined);
    },
    end: async () => {
      stop.abort();
      await running;
    },
  };
}

describe('which endpoints are out of use', () => {
  it('is known to the next run, of those alone, in both families', async () => {
    const path = join(folder, 'made', 'health.json');
    const first = open(path);
    first.run();
    first.put('IPv4', row('10.0.0.1:80', 'down'));
    first.put('IPv4', row('10.0.0.2:80', 'failing'));
    first.put('IPv6', row('[fd00::1]:80', 'recovering'));
    await first.end();
    const second = open(path);
    expect(second.rows()).toEqual([row('10.0.0.1:80', 'down'), row('[fd00::1]:80', 'recovering')]);
    expect(second.told).toEqual([]);
  });

  it('is written while the proxy runs, and the file goes with the last of them', async () => {
    const path = join(folder, 'lively.json');
    const proxy = open(path);
    proxy.run();
    expect(existsSync(path)).toBe(false);
    proxy.put('IPv4', row('10.0.0.1:80', 'down'));
    await expect.poll(() => existsSync(path)).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain('"endpoint":"10.0.0.1:80"');
    proxy.put('IPv4', row('10.0.0.1:80', 'up'));
    await expect.poll(() => existsSync(path)).toBe(false);
    await proxy.end();
  });

  it('is not known from a file that says something else, which is told', () => {
    const path = join(folder, 'broken.json');
    writeFileSync(path, '[{"service": "ns/web", "endpoint": "10.0.0.1:80"}, {}]');
    const { rows, told } = open(path);
    expect(rows()).toEqual([]);
    expect(told).toEqual([expect.stringMatching(/^\S+broken\.json:1: \[1\]\.service: .*used until/)]);
  });

  it('is told to be lost while the file can not be written, once', async () => {
    const path = join(folder, 'a-folder');
    mkdirSync(path);
    writeFileSync(join(path, 'something'), '');
    const proxy = open(path);
    proxy.run();
    proxy.put('IPv4', row('10.0.0.1:80', 'down'));
    await expect.poll(() => proxy.told.length).toBeGreaterThan(1);
    proxy.put('IPv4', row('10.0.0.2:80', 'down'));
    await proxy.end();
    const told = proxy.told.filter((message) => message.includes("can't be written"));
    expect(told).toHaveLength(1);
  });

  it('is not waited for where there is no file but a pipe', async () => {
    const path = join(folder, 'pipe.json');
    execFileSync('mkfifo', [path, `${path}.new`]);
    const proxy = open(path);
    expect(proxy.told).toEqual([expect.stringMatching(/pipe\.json can't be read/)]);
    proxy.run();
    proxy.put('IPv4', row('10.0.0.1:80', 'down'));
    await proxy.end();
    expect(open(path).rows()).toEqual([row('10.0.0.1:80', 'down')]);
  });

  it('is not written where a link leads', async () => {
    const [path, other] = [join(folder, 'linked.json'), join(folder, 'other')];
    writeFileSync(other, 'of somebody else');
    symlinkSync(other, path);
    symlinkSync(other, `${path}.new`);
    const proxy = open(path);
    proxy.run();
    proxy.put('IPv4', row('10.0.0.1:80', 'down'));
    await proxy.end();
    expect(readFileSync(other, 'utf8')).toBe('of somebody else');
    expect(open(path).rows()).toEqual([row('10.0.0.1:80', 'down')]);
  });
});
