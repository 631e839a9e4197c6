import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { readSettings } from './settings-input.ts';
import { writeConfiguration } from './written-configuration.ts';

const folder = mkdtempSync(join(tmpdir(), 'menwei-written-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function write(path: string, flags: Parameters<typeof readSettings>[0]): Promise<readonly unknown[]> {
  const warnings: unknown[] = [];
  const logger = { ...silentLogger, warn: (fields: unknown) => warnings.push(fields) };
  await writeConfiguration(path, await readSettings(flags), logger);
  return warnings;
}

describe('writeConfiguration', () => {
  it('writes what --config reads back as the same', async () => {
    const first = join(folder, 'first.yaml');
    const second = join(folder, 'second.yaml');
    const flags = { 'proxy-mode': 'nftables', 'cluster-cidr': '10.0.0.0/8', 'hostname-override': 'a' };
    expect(await write(first, flags)).toEqual([]);
    expect(await write(second, { config: first })).toEqual([]);
    expect(readFileSync(second, 'utf8')).toBe(readFileSync(first, 'utf8'));
    const modeReason = expect.any(String);
    expect((await readSettings({ config: first })).settings).toEqual({
      ...(await readSettings(flags)).settings,
      modeReason,
    });
  });

  it('says what a file can’t say', async () => {
    const path = join(folder, 'zero.yaml');
    expect(await write(path, { 'kube-api-qps': 0 })).toEqual([{ fields: 'clientConnection.qps' }]);
    expect(await write(path, { 'metrics-port': 0 })).toEqual([{ fields: 'metricsBindAddress' }]);
  });

  it('fails in one line where there is no room', async () => {
    await expect(write('/dev/full', {})).rejects.toThrow(
      "--write-config-to: /dev/full: the configuration can't be written: ENOSPC",
    );
  });

  it('fails in one line where it can’t write', async () => {
    const path = join(folder, 'absent', 'x.yaml');
    await expect(write(path, {})).rejects.toThrow(
      `--write-config-to: ${path}: the configuration can't be written: ENOENT`,
    );
  });
});
