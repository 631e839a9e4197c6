/** Rules of ours that the variant of the tools in use does not show: left by a proxy that used the other one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';
import { testFolder, WEB } from './run-cluster.ts';
import { LAUNCHER, observeStatus, RunProcess } from './run-process.ts';

const folder = testFolder();

const manifest = folder.write('web.yaml', WEB);
const FLAGS = ['--manifests', manifest, '--hostname-override', 'node-a'];
const BINARIES = { legacy: 'xtables-legacy-multi', nf_tables: 'xtables-nft-multi' } as const;
const SUFFIXES = { legacy: 'legacy', nf_tables: 'nft' } as const;
const OTHER = { legacy: 'nf_tables', nf_tables: 'legacy' } as const;

/** Where the usual names stand for the tools of a variant. */
function pathTo(variant: keyof typeof BINARIES): string {
  const tools = testFolder();
  for (const name of ['iptables', 'ip6tables'].flatMap((tool) => [tool, `${tool}-save`, `${tool}-restore`])) {
    symlinkSync(`/usr/sbin/${BINARIES[variant]}`, join(tools.path, name));
  }
  return `${tools.path}:${process.env.PATH}`;
}

function menwei(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(LAUNCHER, args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describeVariants((variant, openKernel) => {
  const other = OTHER[variant];
  const path = pathTo(other);

  const rulesOfOther = () =>
    ['iptables', 'ip6tables']
      .flatMap((tool) =>
        execFileSync(`${tool}-${SUFFIXES[other]}-save`, { encoding: 'utf8', stdio: 'pipe' }).split('\n'),
      )
      .filter((line) => line.includes('KUBE-') && !line.includes('KUBE-FIREWALL'));

  beforeEach(async () => {
    spawnSync('nft', ['flush', 'ruleset']);
    await openKernel('IPv4');
    await openKernel('IPv6');
    await using run = RunProcess.start(FLAGS, { path });
    await expect
      .poll(() => observeStatus().catch(() => []), { timeout: 20_000 })
      .toEqual(['default/web/TCP IPv4 programmed']);
    await run.end('SIGTERM');
    expect(rulesOfOther().length).toBeGreaterThan(10);
  });

  it('are told and shown by diff, which leaves them', () => {
    const before = rulesOfOther();
    const { status, stdout, stderr } = menwei('diff', ...FLAGS);
    expect(status).toBe(1);
    expect(stdout).toContain(`# iptables (${other})\n`);
    expect(stderr).toContain('leftovers of another proxy or mode: ');
    expect(stderr).toContain(`chains of iptables (${other})`);
    expect(rulesOfOther()).toEqual(before);
  });

  it('are told and removed by cleanup', () => {
    const { status, stdout } = menwei('cleanup');
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(new RegExp(`^IPv4: removed \\d+ chains of iptables \\(${other}\\)`, 'm')),
    });
    expect(rulesOfOther()).toEqual([]);
  });

  it('are told and removed by run', async () => {
    await using run = RunProcess.start(FLAGS);
    const removal = new RegExp(
      `^removed leftovers of another proxy or mode: .*chains of iptables \\(${other}\\)`,
    );
    // A line a family, in either order.
    await expect
      .poll(() => run.log('I').filter((line) => removal.test(line)).length, { timeout: 20_000 })
      .toBe(2);
    expect(rulesOfOther()).toEqual([]);
    if (variant === 'legacy') return;
    // What the tools remark is passed on, once.
    const remarks = run
      .log('I')
      .filter((line) => /iptables: Warning: iptables-legacy tables present/.test(line));
    expect(remarks.length).toBe(1);
  });

  if (other === 'legacy') return;

  it('make cleanup fail where they can’t be read', () => {
    execFileSync('nft', ['add', 'rule', 'ip', 'nat', 'POSTROUTING', 'oifname', 'wan0', 'masquerade']);
    const { status, stderr } = menwei('cleanup');
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/Table `nat' is incompatible, use 'nft' tool/),
    });
  });
});
