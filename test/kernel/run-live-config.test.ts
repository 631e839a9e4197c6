/** `menwei run --config` with a file that changes while it runs, as a volume of the kubelet does (docs/live-configuration.md). */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testFolder, WEB } from './run-cluster.ts';
import { RunProcess, rulesOf } from './run-process.ts';

const folder = testFolder();
const manifest = folder.write('web.yaml', WEB);
const volume = join(folder.path, 'volume');
mkdirSync(volume);
symlinkSync('..data/config.conf', join(volume, 'config.conf'));
let version = 0;

/** As the kubelet does when a ConfigMap has changed. */
function publish(body: string): void {
  const name = `..${++version}`;
  mkdirSync(join(volume, name));
  const header = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';
  writeFileSync(join(volume, name, 'config.conf'), header + body);
  symlinkSync(name, join(volume, '..data_tmp'));
  renameSync(join(volume, '..data_tmp'), join(volume, '..data'));
  if (version > 1) rmSync(join(volume, `..${version - 1}`), { recursive: true });
}

describe('menwei run --config', () => {
  it('takes live settings over, survives mistakes, and ends for the rest with its rules in place', async () => {
    publish('mode: iptables\nhealthzBindAddress: 127.0.0.1:11256\nmetricsBindAddress: 127.0.0.1:11249\n');
    await using run = RunProcess.start(['--config', join(volume, 'config.conf'), '--manifests', manifest]);
    await run.synced();
    const rules = await rulesOf('default/web');
    expect(rules).not.toEqual([]);
    const applied = () => run.log('I').filter((line) => line.startsWith('configuration file has changed'));
    const fixed = 'healthzBindAddress: 127.0.0.1:11256\nmetricsBindAddress: 127.0.0.1:11249\n';

    publish(`${fixed}iptables: {syncPeriod: 7s}\nlogging: {verbosity: 4}\n`);
    await expect.poll(applied).toHaveLength(1);
    expect(applied()[0]).toContain('fields="iptables.syncPeriod, logging.verbosity"');
    const aboutSettings = run
      .log('I')
      .filter((line) => /^(oom_score_adj|conntrack settings) not /.test(line));
    expect(new Set(aboutSettings).size, 'told at the start only').toBe(aboutSettings.length);
    const fullSyncs = () => run.log('I').filter((line) => line.startsWith('full sync complete'));
    await expect.poll(() => fullSyncs().length).toBe(4);
    expect(await rulesOf('default/web')).toEqual(rules);

    publish(`${fixed}mode: iptabels\n`);
    await expect.poll(() => run.log('E')).toHaveLength(1);
    expect(run.log('E')[0]).toMatch(
      /^configuration file can't be used; the running configuration stays: .*mode: "iptabels"/,
    );
    expect(run.isRunning).toBe(true);

    publish(`${fixed}mode: nftables\n`);
    const { status, stderr } = await run.ended();
    expect(status).toBe(1);
    expect(stderr.filter((line) => line.startsWith('menwei: '))).toEqual([
      expect.stringMatching(
        /^menwei: .*config.conf: the configuration file has changed, and these fields take effect at a start only: mode, nodePortAddresses$/,
      ),
    ]);
    expect(await rulesOf('default/web')).toEqual(rules);
  });
});
