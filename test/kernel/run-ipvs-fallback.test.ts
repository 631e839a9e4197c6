/** `--proxy-mode ipvs` on a kernel that has no IPVS: the iptables mode takes its place, or nothing does. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { observeIpvsSupport } from '@menwei/netlink/ipvs';
import { afterEach, describe, expect, it } from 'vitest';
import { NODE, testFolder, WEB } from './run-cluster.ts';
import { LAUNCHER, observeStatus, RunProcess, rulesOf, savedRules } from './run-process.ts';

const folder = testFolder();

const manifest = folder.write('web.yaml', WEB);
const FLAGS = ['--manifests', manifest, '--hostname-override', NODE];
const LACKS_IPVS =
  /^.*ipvs mode is not available on this machine, which lacks IPVS \(module ip_vs\): .*ENOENT/;

/** A modprobe that leaves a trace of its arguments, found before any other. */
const tools = join(folder.path, 'tools');
mkdirSync(tools);
const trace = join(folder.path, 'modprobe.args');
chmodSync(folder.write('tools/modprobe', `#!/bin/sh\necho "$@" >>'${trace}'\nexit 1\n`), 0o755);
const WITH_MODPROBE = { path: `${tools}:${process.env.PATH}` };

function modprobeCalls(): readonly string[] {
  const { stdout } = spawnSync('cat', [trace], { encoding: 'utf8' });
  return stdout.split('\n').slice(0, -1);
}

// Where there is a module, the proxy would load it.
spawnSync('modprobe', ['-q', 'ip_vs']);
const hasIpvs = observeIpvsSupport() === undefined;

describe.skipIf(hasIpvs)('on a kernel without IPVS', () => {
  afterEach(async () => {
    const { status, stderr } = await RunProcess.toItsEnd(['--cleanup']);
    expect(status).toBe(0);
    expect(stderr.filter((line) => !line.includes(' I iptables found '))).toEqual([]);
    expect((await savedRules()).filter((rule) => rule.includes('KUBE'))).toEqual([]);
  });

  it.each([
    ['a flag', ['--proxy-mode', 'ipvs', '--cluster-cidr', '10.0.0.0/8']],
    [
      'a configuration file',
      [
        '--config',
        folder.write(
          'ipvs.yaml',
          `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
clusterCIDR: 10.0.0.0/8
ipvs: {scheduler: wlc, strictARP: true}
`,
        ),
      ],
    ],
  ])('runs in iptables mode when %s says ipvs, and says so once', async (_title, mode) => {
    await using run = RunProcess.start([...FLAGS, ...mode], WITH_MODPROBE);
    await expect
      .poll(() => observeStatus().catch(() => []), { timeout: 20_000 })
      .toEqual(['default/web/TCP IPv4 programmed']);
    expect([...run.log('W'), ...run.log('E')]).toEqual([
      expect.stringMatching(
        /^ipvs mode is not available .* IPVS .* falling back to iptables mode .*--ipvs-required/,
      ),
    ]);
    expect(run.log('I')).toContain('proxy mode is iptables reason="fallback from ipvs"');
    expect(await (await fetch('http://127.0.0.1:10249/proxyMode')).text()).toBe('iptables');
    expect(await rulesOf('default/web has no endpoints')).toHaveLength(1);
    expect(modprobeCalls().at(-1)).toBe('-va ip_vs');
    await run.synced();
    expect((await run.end('SIGTERM')).status).toBe(0);

    // Who only looks comes to the same end, and finds nothing to change.
    const diff = spawnSync(LAUNCHER, ['diff', ...FLAGS, ...mode], { encoding: 'utf8' });
    expect(diff).toMatchObject({ status: 0, stdout: '' });
    expect(diff.stderr.split('\n')).toEqual([expect.stringMatching(LACKS_IPVS), '']);
  });

  it.each([['run'], ['diff']])('menwei %s fails with one line when IPVS is required', async (command) => {
    const args = [command, ...FLAGS, '--proxy-mode', 'ipvs', '--ipvs-required'];
    const { status, stdout, stderr } = spawnSync(LAUNCHER, args, { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    const complaints = stderr.split('\n').filter((line) => !/^\S+Z I /.test(line));
    expect(complaints).toEqual([expect.stringMatching(LACKS_IPVS), '']);
    expect(complaints[0]).toMatch(/^menwei: /);
    expect((await savedRules()).filter((rule) => rule.includes('KUBE'))).toEqual([]);
  });

  it('does without modprobe', async () => {
    const programs = join(folder.path, 'programs');
    spawnSync('mkdir', ['-p', programs]);
    for (const name of ['iptables', 'iptables-save', 'iptables-restore'].flatMap((tool) => [
      tool,
      tool.replace('ip', 'ip6'),
    ])) {
      spawnSync('ln', ['-sf', '/usr/sbin/xtables-nft-multi', join(programs, name)]);
    }
    await using run = RunProcess.start([...FLAGS, '--proxy-mode', 'ipvs'], { path: programs });
    await expect
      .poll(() => observeStatus().catch(() => []), { timeout: 20_000 })
      .toEqual(['default/web/TCP IPv4 programmed']);
    expect([...run.log('W'), ...run.log('E')]).toHaveLength(1);
    expect((await run.end('SIGTERM')).status).toBe(0);
  });
});
