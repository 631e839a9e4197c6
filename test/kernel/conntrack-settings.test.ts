/** `menwei run` and how the kernel tracks connections (spec § 10.7), in the network namespace of this file. */
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { promisify } from 'node:util';
import { readSysctl, writeSysctl } from '@menwei/kernel/sysctl.ts';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { READ_ONLY_SYSCTLS } from './container.ts';
import { TestFolder } from './run-cluster.ts';
import { LAUNCHER, observeStatus, RunProcess, type StartOptions, savedRules } from './run-process.ts';

const folder = new TestFolder();
const manifest = folder.write(
  'web.yaml',
  `{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 172.30.0.1, ports: [{port: 80}]}}`,
);
const FLAGS = ['--manifests', manifest, '--hostname-override', 'node-a'];
/** As a new network namespace has them. */
const FRESH = {
  tcp_timeout_established: '432000',
  tcp_timeout_close_wait: '60',
  udp_timeout: '30',
  udp_timeout_stream: '120',
  tcp_be_liberal: '0',
};
const NAMES = Object.keys(FRESH);
const CHANGED = /conntrack settings changed/;

function observe(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(NAMES.map((name) => [name, readSysctl(`net/netfilter/nf_conntrack_${name}`)]));
}

beforeEach(() => {
  for (const [name, value] of Object.entries(FRESH)) {
    writeSysctl(`net/netfilter/nf_conntrack_${name}`, value);
  }
});
afterAll(async () => {
  await RunProcess.toItsEnd(['--cleanup']);
  folder[Symbol.dispose]();
});

/** Runs until the Service is programmed, and returns the log. */
async function runOnce(flags: readonly string[], options?: StartOptions): Promise<RunProcess> {
  const run = RunProcess.start([...FLAGS, ...flags], options);
  await expect
    .poll(() => observeStatus().catch((error: unknown) => String(error)), { timeout: 20_000 })
    .toEqual(['default/web/TCP IPv4 programmed']);
  await run.end('SIGTERM');
  return run;
}

describe('menwei run', () => {
  it.each(['iptables', 'nftables', 'userspace'])('sets kube-proxy’s defaults in %s mode', async (mode) => {
    const run = await runOnce(['--proxy-mode', mode]);
    expect(observe()).toEqual({
      ...FRESH,
      tcp_timeout_established: '86400',
      tcp_timeout_close_wait: '3600',
    });
    expect(run.log('I').filter((line) => CHANGED.test(line))).toEqual([
      expect.stringMatching(
        /established="432000 -> 86400" nf_conntrack_tcp_timeout_close_wait="60 -> 3600"$/,
      ),
    ]);
    const again = await runOnce(['--proxy-mode', mode]);
    expect(again.log().filter((line) => CHANGED.test(line))).toEqual([]);
  });

  it('sets what the flags say and leaves alone what they say is 0', async () => {
    await runOnce([]);
    expect(await invalidRules()).toHaveLength(1);
    await runOnce([
      '--conntrack-tcp-timeout-established=0',
      '--conntrack-tcp-timeout-close-wait=2m',
      '--conntrack-udp-timeout=10s',
      '--conntrack-udp-timeout-stream=1m30s',
      '--conntrack-tcp-be-liberal',
    ]);
    expect(await invalidRules()).toEqual([]);
    expect(observe()).toEqual({
      tcp_timeout_established: '86400',
      tcp_timeout_close_wait: '120',
      udp_timeout: '10',
      udp_timeout_stream: '90',
      tcp_be_liberal: '1',
    });
  });

  it('sets what the file says', async () => {
    const file = folder.write(
      'config.yaml',
      `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
conntrack: {maxPerCore: 0, tcpCloseWaitTimeout: 0s, udpTimeout: 20s}
`,
    );
    const run = await runOnce(['--config', file]);
    expect(observe()).toEqual({ ...FRESH, tcp_timeout_established: '86400', udp_timeout: '20' });
    expect(run.log().filter((line) => line.includes('nf_conntrack_max'))).toEqual([]);
  });

  it('says once that the number of connections is the machine’s', async () => {
    const found = readSysctl('net/netfilter/nf_conntrack_max');
    const run = await runOnce(['--conntrack-max-per-core=77777', '--conntrack-min=7']);
    expect(readSysctl('net/netfilter/nf_conntrack_max')).toBe(found);
    expect(run.log('I').filter((line) => line.includes('nf_conntrack_max'))).toEqual([
      expect.stringMatching(/^conntrack settings not changed: .*"\d+, \d+ wanted"$/),
    ]);
    expect([...run.log('W'), ...run.log('E')]).toEqual([]);
  });

  it('goes on in a container that must not set anything, and says what is missing', async () => {
    const run = await runOnce(['--conntrack-max-per-core=0', '--iptables-localhost-nodeports=false'], {
      through: READ_ONLY_SYSCTLS,
    });
    expect(observe()).toEqual(FRESH);
    expect([...run.log('W'), ...run.log('E')]).toEqual([
      'conntrack settings could not be applied; keeping the kernel settings ' +
        'nf_conntrack_tcp_timeout_established="432000, 86400 wanted: read-only file system (EROFS)" ' +
        'nf_conntrack_tcp_timeout_close_wait="60, 3600 wanted: read-only file system (EROFS)"',
    ]);
  });

  it('lets a connection wait for an hour after one side has closed', async () => {
    await runOnce([]);
    const server = createServer({ allowHalfOpen: true }, (socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    socket.end();
    const args = ['-L', '-p', 'tcp', '--state', 'CLOSE_WAIT', '--dport', String(port)];
    const timeout = async () => {
      const { stdout } = await promisify(execFile)('conntrack', args);
      return Number(/^tcp\s+6 (\d+) CLOSE_WAIT/.exec(stdout)?.[1] ?? 0);
    };
    await expect.poll(timeout).toBeGreaterThan(3_000);
    socket.destroy();
    server.close();
  });
});

async function invalidRules(): Promise<readonly string[]> {
  return (await savedRules('filter')).filter((rule) => rule.includes('--ctstate INVALID'));
}

describe('who only looks or takes away', () => {
  it.each([
    ['menwei run --cleanup', ['run', '--cleanup', '--conntrack-udp-timeout=5s']],
    ['menwei cleanup', ['cleanup']],
    ['menwei render', ['render', '-f', manifest]],
  ])('%s sets nothing', (_title, args) => {
    execFileSync(LAUNCHER, args, { stdio: 'pipe' });
    expect(observe()).toEqual(FRESH);
  });

  it('menwei diff and a dry run set nothing, and show the rules of a run', async () => {
    await RunProcess.toItsEnd(['--cleanup']);
    const flags = [...FLAGS, '--conntrack-tcp-be-liberal', '--conntrack-udp-timeout=5s'];
    const { stdout } = await promisify(execFile)(LAUNCHER, ['diff', ...flags]).catch((error) => error);
    expect(stdout).toContain('KUBE-SERVICES');
    expect(stdout).not.toContain('--ctstate INVALID');
    await using run = RunProcess.start([...flags, '--dry-run']);
    await expect
      .poll(() => observeStatus().catch(() => []), { timeout: 20_000 })
      .toEqual(['default/web/TCP IPv4 programmed']);
    const ended = await run.end('SIGTERM');
    expect(ended.stdout).toContain('KUBE-SERVICES');
    expect(ended.stdout).not.toContain('--ctstate INVALID');
    expect(observe()).toEqual(FRESH);
  });
});
