/** `--proxy-mode auto` on a real kernel, which is asked and not changed. */
import { execFileSync } from 'node:child_process';
import { openNfTables } from '@menwei/netlink/nftables';
import { tryNftables } from 'menwei/backends/nftables/trial.ts';
import { describe, expect, it } from 'vitest';
import { testFolder, WEB } from './run-cluster.ts';
import { RunProcess } from './run-process.ts';

const folder = testFolder();
const manifest = folder.write('web.yaml', WEB);
const tables = () => execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' });

describe('mode auto', () => {
  it('asks for all that is programmed, and leaves nothing', async () => {
    const generation = () => {
      using client = openNfTables();
      return client.observeGeneration();
    };
    const before = [generation(), tables()];
    expect(
      await tryNftables({ masqueradeMark: 1 << 14, masqueradeAll: false, answeredVIPs: 'pools' }),
    ).toBeUndefined();
    expect([generation(), tables()]).toEqual(before);
  });

  it('runs nftables mode here, and says why', async () => {
    await using run = RunProcess.start(['--manifests', manifest, '--proxy-mode', 'auto']);
    await run.synced();
    expect(run.log('I').find((line) => line.startsWith('proxy mode is'))).toMatch(
      /^proxy mode is nftables reason="auto: kernel \S+ takes all that nftables mode programs"$/,
    );
    const rows: unknown = await (await fetch('http://127.0.0.1:10249/status')).json();
    expect(rows).toContainEqual(
      expect.objectContaining({ mode: 'nftables', modeReason: expect.stringMatching(/^auto: /) }),
    );
    expect((await run.end('SIGTERM')).status).toBe(0);
  });

  it('ends where no mode can be had, with the reason of each', async () => {
    const through = ['/usr/bin/setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'];
    const args = ['--manifests', manifest, '--proxy-mode', 'auto'];
    const { status, stderr } = await RunProcess.toItsEnd(args, { through });
    expect(status).toBe(1);
    expect(stderr.at(-1)).toMatch(
      /^menwei: proxy mode auto: no mode can be had: nftables: .*EPERM.*; iptables: .*CAP_NET_ADMIN\)$/,
    );
  });
});
