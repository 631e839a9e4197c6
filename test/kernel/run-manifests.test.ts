/** `menwei run` fed by files: mistakes are named, and cost nothing but the object they are in. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { readSysctl, writeSysctl } from '@menwei/kernel/sysctl.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { NODE, testFolder } from './run-cluster.ts';
import { LAUNCHER, observeStatus, RunProcess, rulesOf, savedRules } from './run-process.ts';

const folder = testFolder();
const ROUTE_LOCALNET = 'net/ipv4/conf/all/route_localnet';
const flags = ['--manifests', folder.path, '--hostname-override', NODE, '--iptables-min-sync-period', '0s'];

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

describe('menwei diff with manifests that don’t say all they mean', () => {
  it.each([
    ['a broken document', `${service('web', '172.30.0.1', 80)}---\nkind: [\n`, /^menwei: \S+:\d+: [^\n]+\n$/],
    [
      'an object with a mistake',
      `${service('web', '172.30.0.1', 80)}---\n${service('b', '172.30.0.300', 80)}`,
      /^menwei: \S+:13: Service default\/b: [^\n]+\n$/,
    ],
    [
      'no Service',
      'apiVersion: v1\nkind: Pod\n',
      /^menwei: \S+: contains no Service \(of other kinds: v1 Pod\)\n$/,
    ],
  ])('compares with nothing: %s', async (_title, text, reason) => {
    const manifests = folder.write('diff.yaml', text);
    const { status, stdout, stderr } = spawnSync(LAUNCHER, ['diff', '--manifests', manifests], {
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(reason),
    });
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
      .toEqual([
        'default/address IPv4 error',
        'default/address IPv6 error',
        'default/last/TCP IPv4 programmed',
        'default/web/TCP IPv4 programmed',
        'default/zero IPv4 error',
        'default/zero IPv6 error',
      ]);
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
      .poll(() => run.log('W'))
      .toContain(`${file}:7: Service default/web: spec.ports[0].port: 0 is outside 1-65535`);
    await expect.poll(() => rulesOf('default/last.*')).toEqual([expect.stringContaining('-d 172.30.0.8/32')]);
    expect(await rulesOf('default/web has no endpoints')).toHaveLength(1);
    expect(run.log('E')).toEqual([]);
    expect((await run.end('SIGTERM')).status).toBe(0);
  });
});

describe('menwei diff beside a run', () => {
  it('is not content where a port is left out, though the kernel is as it should be', async () => {
    const web = service('web', '172.30.0.1', 80);
    const manifests = folder.write('contested.yaml', `${web}---\n${service('xyz', '172.30.0.1', 80)}`);
    await using run = RunProcess.start(['--manifests', manifests, '--hostname-override', NODE]);
    await expect
      .poll(() => observeStatus().catch(() => []), { timeout: 20_000 })
      .toContain('default/web/TCP IPv4 programmed');
    await run.synced();
    const args = ['diff', '--manifests', manifests, '--hostname-override', NODE];
    const { status, stdout, stderr } = spawnSync(LAUNCHER, args, { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/Service default\/xyz: /);
    await run.end('SIGTERM');
    rmSync(manifests);
  });
});
