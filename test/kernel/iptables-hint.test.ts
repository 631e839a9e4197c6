/** A node whose kubelet uses another variant of iptables than the usual name stands for where the proxy runs. */
import { execFileSync, spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';
import { testFolder, WEB } from './run-cluster.ts';
import { observeStatus, RunProcess } from './run-process.ts';

const folder = testFolder();
const FLAGS = ['--manifests', folder.write('web.yaml', WEB), '--hostname-override', 'node-a'];
const OTHER = {
  legacy: { binary: 'xtables-nft-multi', own: 'iptables-legacy', other: 'iptables-nft' },
  nf_tables: { binary: 'xtables-legacy-multi', own: 'iptables-nft', other: 'iptables-legacy' },
} as const;

function countRules(tools: string): number {
  const saved = execFileSync(`${tools}-save`, { encoding: 'utf8', stdio: 'pipe' });
  // KUBE-FIREWALL is kubelet's, too, and stays.
  return saved.split('\n').filter((line) => /^-A KUBE-(?!FIREWALL)/.test(line)).length;
}

describeVariants((variant, openKernel) => {
  it.each(['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY'])('is followed where it left %s', async (chain) => {
    const { binary, own, other } = OTHER[variant];
    spawnSync('nft', ['flush', 'ruleset']);
    await openKernel('IPv4');
    const tools = testFolder();
    for (const name of ['iptables', 'ip6tables'].flatMap((tool) => [
      tool,
      `${tool}-save`,
      `${tool}-restore`,
    ])) {
      symlinkSync(`/usr/sbin/${binary}`, join(tools.path, name));
    }
    execFileSync(own, ['-t', 'mangle', '-N', chain]);
    await using run = RunProcess.start(FLAGS, { path: `${tools.path}:${process.env.PATH}` });
    await expect
      .poll(() => observeStatus().catch(() => []), { timeout: 20_000 })
      .toEqual(['default/web/TCP IPv4 programmed']);
    expect(countRules(own)).toBeGreaterThan(5);
    // Also what the test before has left there is gone then.
    await expect.poll(() => countRules(other)).toBe(0);
    await run.end('SIGTERM');
    spawnSync(own, ['-t', 'mangle', '-X', chain]);
  });
});
