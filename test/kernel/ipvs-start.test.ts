/** What `menwei run --proxy-mode ipvs` does before its first sync, and what follows the machine it runs on. */

import { readSysctl } from '@menwei/kernel/sysctl.ts';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { beforeEach, describe, expect, it } from 'vitest';
import { ipvsadm, run } from './ipvs-kernel.ts';
import { NODE, testFolder } from './run-cluster.ts';
import { observeStatus, RunProcess } from './run-process.ts';

const folder = testFolder();

const manifest = folder.write(
  'web.yaml',
  `apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {type: NodePort, clusterIP: 172.30.0.1, ports: [{port: 80, nodePort: 30080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 8080, protocol: TCP}]
endpoints: [{addresses: [10.0.0.1]}]
`,
);
const FLAGS = ['--manifests', manifest, '--hostname-override', NODE, '--ipvs-min-sync-period', '0s'];
const IPVS = [...FLAGS, '--proxy-mode', 'ipvs', '--ipvs-required'];

/** Another network namespace with one address; the settings of a new one are those of the kernel. */
beforeEach(() => {
  unshare(CLONE_NEWNET);
  run('ip', 'link', 'set', 'lo', 'up');
  run('ip', 'link', 'add', 'eth0', 'type', 'dummy');
  run('ip', 'addr', 'add', '192.168.49.2/24', 'dev', 'eth0');
  run('ip', 'link', 'set', 'eth0', 'up');
});

/** Until its first sync. */
async function programmed(run: RunProcess): Promise<void> {
  const status = () => observeStatus().catch((error: unknown) => (run.isRunning ? String(error) : run.log()));
  await expect.poll(status, { timeout: 60_000 }).toEqual(['default/web/TCP IPv4 programmed']);
}

function servers(): readonly string[] {
  return ipvsadm('-Sn')
    .filter((line) => line.startsWith('-A '))
    .map((line) => line.slice(3))
    .sort();
}

const OWN = ['-t 172.30.0.1:80 -s rr', '-t 192.168.49.2:30080 -s rr'];

const SYSCTLS = [
  'net/ipv4/vs/conntrack',
  'net/ipv4/vs/conn_reuse_mode',
  'net/ipv4/vs/expire_nodest_conn',
  'net/ipv4/vs/expire_quiescent_template',
  'net/ipv4/ip_forward',
  'net/ipv4/conf/all/arp_ignore',
  'net/ipv4/conf/all/arp_announce',
];

function sysctls(): readonly (string | undefined)[] {
  return SYSCTLS.map(readSysctl);
}

function timeouts(): readonly string[] {
  return ipvsadm('-L', '--timeout');
}

describe('the kernel’s settings', () => {
  it('are what kube-proxy makes them, and the timeouts as they were', async () => {
    const before = timeouts();
    await using proxy = RunProcess.start(IPVS);
    await programmed(proxy);
    expect(sysctls()).toEqual(['1', '1', '1', '1', '1', '0', '0']);
    expect(timeouts()).toEqual(before);
  });

  it('follow the flags', async () => {
    const timeoutFlags = ['--ipvs-tcp-timeout=10m', '--ipvs-udp-timeout=1500ms'];
    await using proxy = RunProcess.start([...IPVS, '--ipvs-strict-arp', ...timeoutFlags]);
    await programmed(proxy);
    expect(sysctls()).toEqual(['1', '1', '1', '1', '1', '1', '2']);
    expect(timeouts()).toEqual(['Timeout (tcp tcpfin udp): 600 120 2']);
    expect([...proxy.log('W'), ...proxy.log('E')]).toEqual([]);
  });

  it('are left alone by a dry run', async () => {
    const before = [sysctls(), timeouts()];
    const timeoutFlags = ['--ipvs-tcp-timeout=10m', '--ipvs-strict-arp'];
    await using proxy = RunProcess.start([...IPVS, '--dry-run', '--ipvs-scheduler=sed', ...timeoutFlags]);
    await programmed(proxy);
    expect([sysctls(), timeouts()]).toEqual(before);
    expect((await proxy.end('SIGTERM')).stdout).toContain('-A -t 172.30.0.1:80 -s sed');
    expect(servers()).toEqual([]);
    expect(run('ip', '-o', 'link')).not.toContain('kube-ipvs0');
  });
});

describe('the default scheduler', () => {
  it('is tried, and nothing is left of that', async () => {
    await using proxy = RunProcess.start([...IPVS, '--ipvs-scheduler', 'sed']);
    await programmed(proxy);
    expect(servers()).toEqual(OWN.map((server) => server.replace('-s rr', '-s sed')));
  });

  it('that the kernel does not have ends the program with its name', async () => {
    const { status, stderr } = await RunProcess.toItsEnd([...IPVS, '--ipvs-scheduler', 'nosuch']);
    expect(status).toBe(1);
    expect(stderr.filter((line) => line.startsWith('menwei: '))).toEqual([
      expect.stringMatching(/^menwei: use the IPVS scheduler nosuch \(module ip_vs_nosuch\): /),
    ]);
    expect(servers()).toEqual([]);
    expect(sysctls()[0]).toBe('0');
  });
});

/** As kube-proxy leaves them: on its interface, and nothing says whose they are. */
function leaveVirtualServers(...ips: readonly string[]): void {
  run('ip', 'link', 'add', 'kube-ipvs0', 'type', 'dummy');
  for (const ip of ips) {
    run('ip', 'addr', 'add', `${ip}/32`, 'dev', 'kube-ipvs0');
    run('ipvsadm', '-A', '-t', `${ip}:80`, '-s', 'lc');
  }
}

it('virtual servers on the interface are taken over or removed, but for those in --ipvs-exclude-cidrs', async () => {
  leaveVirtualServers('172.30.0.1', '172.30.0.9', '192.0.2.7');
  run('ipvsadm', '-A', '-t', '198.51.100.9:80', '-s', 'lc');
  await using proxy = RunProcess.start([...IPVS, '--ipvs-exclude-cidrs', '192.0.2.0/24,2001:db8::/32']);
  await programmed(proxy);
  expect(servers()).toEqual([...OWN, '-t 192.0.2.7:80 -s lc', '-t 198.51.100.9:80 -s lc'].sort());
});

describe('a virtual server of somebody else', () => {
  const EXTERNAL = `apiVersion: v1
kind: Service
metadata: {name: shop, namespace: default}
spec: {clusterIP: 172.30.0.2, externalIPs: [203.0.113.7], ports: [{port: 80}]}
`;
  const theirs = ['-t 203.0.113.7:80 -s lc', '-t 203.0.113.7:8080 -s lc'];

  it('on the address of a Service stays, on the same port and on another one, while the Service lasts and after it', async () => {
    for (const port of [80, 8080]) {
      run('ipvsadm', '-A', '-t', `203.0.113.7:${port}`, '-s', 'lc');
      run('ipvsadm', '-a', '-t', `203.0.113.7:${port}`, '-r', '192.0.2.10', '-m', '-w', '9');
    }
    const before = ipvsadm('-Sn');
    const file = folder.write('shop.yaml', EXTERNAL);
    await using proxy = RunProcess.start([...IPVS, '--manifests', file, '--ipvs-sync-period', '1s']);
    const state = () => observeStatus().catch(String);
    await expect
      .poll(state, { timeout: 60_000 })
      .toContainEqual(expect.stringContaining('shop/TCP IPv4 error'));
    // Its first retries come within seconds.
    await expect.poll(() => proxy.log('W').length, { timeout: 60_000 }).toBeGreaterThan(2);
    expect(servers()).toEqual([...OWN, '-t 172.30.0.2:80 -s rr', ...theirs].sort());
    folder.write('shop.yaml', '# nothing\n');
    await expect.poll(servers, { timeout: 60_000 }).toEqual([...OWN, ...theirs].sort());
    await proxy.end('SIGTERM');
    expect((await RunProcess.toItsEnd(['--cleanup'])).status).toBe(0);
    expect(ipvsadm('-Sn')).toEqual(before);
  });
});

it('NodePorts follow the addresses of the node', async () => {
  await using proxy = RunProcess.start(IPVS);
  await programmed(proxy);
  expect(servers()).toEqual(OWN);
  run('ip', 'addr', 'add', '203.0.113.5/32', 'dev', 'eth0');
  await expect.poll(servers, { timeout: 20_000 }).toEqual([...OWN, '-t 203.0.113.5:30080 -s rr'].sort());
  run('ip', 'addr', 'del', '192.168.49.2/24', 'dev', 'eth0');
  await expect
    .poll(servers, { timeout: 20_000 })
    .toEqual(['-t 172.30.0.1:80 -s rr', '-t 203.0.113.5:30080 -s rr']);
  expect([...proxy.log('W'), ...proxy.log('E')]).toEqual([]);
});

describe('clean-up', () => {
  /** What is in the kernel that could be ours. */
  function traces(): readonly string[] {
    return [
      ...servers(),
      ...run('ipset', 'list', '-n').split('\n'),
      ...run('ip', '-o', 'link', 'show', 'type', 'dummy').split('\n'),
      ...['iptables-save', 'ip6tables-save'].flatMap((tool) => run(tool).split('\n')),
    ].filter((line) => /KUBE|MENWEI|kube-ipvs0|^-t/.test(line) && !line.includes('KUBE-FIREWALL'));
  }

  async function runOnce(flags: readonly string[]): Promise<void> {
    await using proxy = RunProcess.start(flags);
    await programmed(proxy);
    await proxy.end('SIGTERM');
  }

  it.each([
    ['ipvs', [IPVS]],
    ['ipvs after iptables', [FLAGS, IPVS]],
    ['iptables after ipvs', [IPVS, FLAGS]],
  ])('leaves nothing of %s, and all of others', async (_title, runs) => {
    run('ipvsadm', '-A', '-t', '192.168.49.2:8080', '-s', 'lc');
    run('ipset', 'create', 'NODES', 'hash:ip');
    for (const flags of runs) await runOnce(flags);
    expect(traces().length).toBeGreaterThan(20);
    const { status, stderr } = await RunProcess.toItsEnd(['--cleanup']);
    expect({ status, complaints: stderr.filter((line) => !line.includes(' I ')) }).toEqual({
      status: 0,
      complaints: [],
    });
    expect(traces()).toEqual(['-t 192.168.49.2:8080 -s lc']);
    expect(run('ipset', 'list', '-n')).toBe('NODES\n');
  });
});
