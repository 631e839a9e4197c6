/** `menwei run --init-only`: what takes more privileges than CAP_NET_ADMIN is done, and nothing else. */
import { execFileSync } from 'node:child_process';
import { readSysctl, writeSysctl } from '@menwei/kernel/sysctl.ts';
import { describe, expect, it } from 'vitest';
import { READ_ONLY_SYSCTLS } from './container.ts';
import { testFolder, WEB } from './run-cluster.ts';
import { RunProcess, rulesOf, savedRules } from './run-process.ts';

const folder = testFolder();
const manifest = folder.write('web.yaml', WEB);
const ROUTE_LOCALNET = 'net/ipv4/conf/all/route_localnet';
const CLOSE_WAIT = 'net/netfilter/nf_conntrack_tcp_timeout_close_wait';
const tables = () => execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' });
const kernelState = async () => [tables(), await savedRules(), await savedRules('filter')];

describe('menwei run --init-only', () => {
  it('sets the kernel up without an API server, and leaves the rules of others alone', async () => {
    await using other = RunProcess.start(['--manifests', manifest, '--proxy-mode', 'nftables']);
    await other.synced();
    await other.end('SIGTERM');
    writeSysctl(ROUTE_LOCALNET, 0);
    writeSysctl(CLOSE_WAIT, 77);
    const before = await kernelState();
    const { status, stderr } = await RunProcess.toItsEnd(['--init-only', '--kubeconfig', '/nowhere']);
    expect(stderr.at(-1)).toMatch(/ I the kernel is set up; exiting because of --init-only mode=iptables /);
    expect(status).toBe(0);
    expect([readSysctl(ROUTE_LOCALNET), readSysctl(CLOSE_WAIT)]).toEqual(['1', '3600']);
    expect(await kernelState()).toEqual(before);
  });

  it('leaves nothing to do for a proxy that has CAP_NET_ADMIN alone', async () => {
    const caps = '-all,+net_admin,+net_raw,+dac_override,+dac_read_search';
    const through = ['/usr/bin/setpriv', '--bounding-set', caps, '--inh-caps', caps];
    await using run = RunProcess.start(['--manifests', manifest], { through });
    await run.synced();
    expect(run.log('W')).toEqual([]);
    expect(await rulesOf('default/web')).not.toEqual([]);
    expect((await run.end('SIGTERM')).status).toBe(0);
  });

  it('fails where it may not', async () => {
    const through = ['/usr/bin/setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'];
    const { status, stderr } = await RunProcess.toItsEnd(['--init-only'], { through });
    expect(status).toBe(1);
    expect(stderr.at(-1)).toMatch(/^menwei: iptables .*CAP_NET_ADMIN\)$/);
  });
});

describe('a read-only /proc/sys', () => {
  it('costs NodePorts on 127.0.0.1, which is told, and nothing else', async () => {
    writeSysctl(ROUTE_LOCALNET, 0);
    await using run = RunProcess.start(['--manifests', manifest, '--conntrack-udp-timeout=77s'], {
      through: READ_ONLY_SYSCTLS,
    });
    await run.synced();
    expect(run.log('W')).toEqual([
      expect.stringMatching(/^conntrack settings could not be applied; .*nf_conntrack_udp_timeout=".*EROFS/),
      expect.stringMatching(
        /^NodePorts do not answer on 127\.0\.0\.1: route_localnet can not be set err=".*EROFS/,
      ),
    ]);
    expect(await rulesOf('default/web')).not.toEqual([]);
    expect((await run.end('SIGTERM')).status).toBe(0);
  });
});
