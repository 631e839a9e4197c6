/** `menwei run` fed by files: mistakes are named, and cost nothing but the object they are in. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { readSysctl, writeSysctl } from '../../src/kernel/sysctl.ts';
import { NODE, TestFolder } from './run-cluster.ts';
import { LAUNCHER, observeStatus, RunProcess, rulesOf, savedRules } from './run-process.ts';

const folder = new TestFolder();
const ROUTE_LOCALNET = 'net/ipv4/conf/all/route_localnet';
const flags = ['--manifests', folder.path, '--hostname-override', NODE, '--iptables-min-sync-period', '0s'];

afterAll(() => folder[Symbol.dispose]());
afterEach(async () => {
  expect((await RunProcess.toItsEnd(['--cleanup'])).status).toBe(0);
});

function service(name: string, clusterIP: string, port: number): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: default}
spec:
  clusterIP: ${clusterIP}
  ports:
    - port: ${port}
`;
}

describe('menwei diff', () => {
  it('prints what is missing and changes nothing', async () => {
    const manifests = folder.write('diff.yaml', service('web', '172.30.0.1', 80));
    writeSysctl(ROUTE_LOCALNET, 0);
    const { status, stdout } = spawnSync(LAUNCHER, ['diff', '--manifests', manifests], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stdout).toContain('default/web has no endpoints');
    expect(readSysctl(ROUTE_LOCALNET)).toBe('0');
    rmSync(manifests);
  });
});

describe('menwei run --dry-run', () => {
  it('prints what it would do and does nothing', async () => {
    const manifests = folder.write('dry.yaml', service('web', '172.30.0.1', 80));
    writeSysctl(ROUTE_LOCALNET, 0);
    await using run = RunProcess.start([...flags, '--dry-run', '--manifests', manifests]);
    await expect
      .poll(() => observeStatus().catch(() => []), { timeout: 20_000 })
      .toEqual(['default/web/TCP IPv4 programmed']);
    const { status, stdout } = await run.end('SIGTERM');
    expect(status).toBe(0);
    expect(stdout).toContain('default/web has no endpoints');
    expect([...(await savedRules('nat')), ...(await savedRules('filter'))]).toEqual([]);
    expect(readSysctl(ROUTE_LOCALNET)).toBe('0');
    rmSync(manifests);
  });
});

describe('menwei run with manifests', () => {
  it('programs all but the objects with mistakes, and names those', async () => {
    const file = folder.write(
      'services.yaml',
      [
        service('web', '172.30.0.1', 80),
        service('"two\\nlines; -j ACCEPT"', '172.30.0.2', 80),
        service('zero', '172.30.0.3', 0),
        service('address', '172.30.0.300', 80),
        service('last', '172.30.0.9', 80),
      ].join('---\n'),
    );
    await using run = RunProcess.start(flags);
    await expect
      .poll(() => observeStatus().catch(() => []), { timeout: 20_000 })
      .toEqual(['default/last/TCP IPv4 programmed', 'default/web/TCP IPv4 programmed']);
    expect(run.log('W')).toEqual([
      expect.stringContaining(`${file}:11: Service default/"two\\nlines; -j ACCEPT": metadata.name: `),
      `${file}:23: Service default/zero: spec.ports[0].port: 0 is outside 1-65535`,
      `${file}:29: Service default/address: spec.clusterIP: 172.30.0.300 is not an IP address`,
    ]);
    expect(await rulesOf('default/web has no endpoints')).toHaveLength(1);
    expect(await rulesOf('default/last has no endpoints')).toHaveLength(1);
    expect(await savedRules('filter')).not.toContainEqual(expect.stringMatching(/zero|lines|address/));

    // An object that is spoiled later keeps its last good form.
    folder.write(
      'services.yaml',
      [service('web', '172.30.0.1', 0), service('last', '172.30.0.8', 80)].join('---\n'),
    );
    await expect
      .poll(() => run.log('W'), { timeout: 10_000 })
      .toContain(`${file}:7: Service default/web: spec.ports[0].port: 0 is outside 1-65535`);
    await expect.poll(() => rulesOf('default/last.*')).toEqual([expect.stringContaining('-d 172.30.0.8/32')]);
    expect(await rulesOf('default/web has no endpoints')).toHaveLength(1);
    expect(run.log('E')).toEqual([]);
    expect((await run.end('SIGTERM')).status).toBe(0);
  });
});
