/**
 * `menwei dns --node-local` on a node with a pod and a proxy, whose Service kube-dns leads nowhere: answers come from the addresses
 * that were asked, without conntrack; what is taken away comes back, and nothing is left at the end.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSysctl } from '@menwei/kernel/sysctl.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RunProcess } from './run-process.ts';

const PATIENCE = { timeout: 20_000, interval: 100 };
const LINK_LOCAL = '169.254.20.10';
const IP = '10.96.0.10';
const IP6 = 'fd00:96::a';
const NAME = 'kube-dns.kube-system.svc.cluster.local';
const DNS = ['--node-local', '--dns-forward', 'none'];

function objects(ip: string): string {
  return `
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec:
  clusterIP: ${ip}
  clusterIPs: [${ip}, '${IP6}']
  ipFamilies: [IPv4, IPv6]
  ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kube-dns-1, namespace: kube-system, labels: {kubernetes.io/service-name: kube-dns}}
addressType: IPv4
ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
endpoints: [{addresses: [10.244.9.9]}]
`;
}

const folder = mkdtempSync(join(tmpdir(), 'menwei-node-local-'));
const manifests = join(folder, 'objects.yaml');
let pod: ChildProcess;

function run(...[program = '', ...args]: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', timeout: 20_000 });
}

function inPod(...command: readonly string[]): string {
  return run('nsenter', `--net=/proc/${pod.pid}/ns/net`, ...command);
}

/** What the pod is told; dig takes no answer from another address than the one it asked. */
function ask(ip: string, type: string, ...options: readonly string[]): string {
  return inPod('dig', `@${ip}`, '+short', '+tries=1', '+time=2', ...options, NAME, type).trim();
}

function addresses(): readonly string[] {
  const text = run('ip', '-o', 'addr', 'show');
  return [...text.matchAll(/ menwei-dns +inet6? (\S+)\//g)].map(([, ip = '']) => ip).sort();
}

function tables(): readonly string[] {
  return [...run('nft', 'list', 'tables').matchAll(/table (ip6? menwei-dns)$/gm)].map(
    ([, name = '']) => name,
  );
}

async function untilAnswering(dns: RunProcess): Promise<void> {
  await expect.poll(() => dns.log('I').join('\n'), PATIENCE).toContain('node-local rules were changed');
}

/** By two signals, so that it does not go on answering for 5 s. */
async function stop(dns: RunProcess): Promise<number | null> {
  const ended = dns.end('SIGTERM');
  await expect.poll(() => dns.log('I').join('\n'), PATIENCE).toContain('told to end');
  await dns.end('SIGTERM');
  return (await ended).status;
}

beforeAll(async () => {
  writeFileSync(manifests, objects(IP));
  pod = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--net', 'sleep', '300'], { stdio: 'ignore' });
  const isApart = () => run('readlink', `/proc/${pod.pid}/ns/net`) !== run('readlink', '/proc/self/ns/net');
  await vi.waitFor(() => expect(isApart()).toBe(true), PATIENCE);
  run('ip', 'link', 'add', 'to-pod', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pod.pid));
  run('ip', 'addr', 'add', '10.244.1.1/24', 'dev', 'to-pod');
  run('ip', 'addr', 'add', 'fd00:244::1/64', 'dev', 'to-pod', 'nodad');
  run('ip', 'link', 'set', 'to-pod', 'up');
  // The endpoint is nowhere, and packets to it leave the node all the same.
  run('ip', 'route', 'add', '10.244.9.0/24', 'via', '10.244.1.11');
  writeSysctl('net/ipv4/ip_forward', 1);
  inPod('ip', 'addr', 'add', '10.244.1.11/24', 'dev', 'eth0');
  inPod('ip', 'addr', 'add', 'fd00:244::11/64', 'dev', 'eth0', 'nodad');
  inPod('ip', 'link', 'set', 'eth0', 'up');
  inPod('ip', 'route', 'add', 'default', 'via', '10.244.1.1');
  inPod('ip', 'route', 'add', 'default', 'via', 'fd00:244::1');
});
afterAll(() => {
  pod.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Prints how many of 200 pairs of questions for A and AAAA, from one socket, were answered. */
const PAIRS = `
const socket = require('node:dgram').createSocket('udp4');
const name = Buffer.concat([...process.argv[2].split('.').map((l) => Buffer.from([l.length, ...Buffer.from(l)])), Buffer.of(0)]);
const ids = new Set();
socket.on('message', (m, from) => {
  if (from.address === process.argv[1]) ids.add(m.readUInt16BE(0));
  if (ids.size === 400) end();
});
const end = () => { console.log(ids.size); process.exit(); };
setTimeout(end, 5000);
let id = 0;
const next = () => {
  for (const type of [1, 28]) {
    const head = Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    head.writeUInt16BE(id++);
    socket.send(Buffer.concat([head, name, Buffer.of(0, type, 0, 1)]), 53, process.argv[1]);
  }
  if (id < 400) setTimeout(next, 1);
};
next();
`;

describe.each(['iptables', 'nftables'])('beside a proxy in %s mode', (mode) => {
  it('answers from the addresses that were asked, without conntrack', async () => {
    const nodeFlags = [
      '--hostname-override',
      'node-1',
      '--bind-address',
      '127.0.0.1',
      '--cluster-cidr',
      '10.244.0.0/16',
    ];
    await using proxy = RunProcess.start(['--manifests', manifests, '--proxy-mode', mode, ...nodeFlags]);
    await proxy.synced();
    await using dns = RunProcess.start(['--manifests', manifests, ...DNS], { command: 'dns' });
    await untilAnswering(dns);
    for (const ip of [IP, LINK_LOCAL]) {
      expect(ask(ip, 'A')).toBe(IP);
      expect(ask(ip, 'A', '+tcp')).toBe(IP);
      expect(inPod(process.execPath, '-e', PAIRS, ip, NAME).trim()).toBe('400');
    }
    expect(ask(IP6, 'AAAA')).toBe(IP6);
    expect(run('dig', `@${IP}`, '+short', '+tries=1', NAME, 'A').trim()).toBe(IP);
    const entries = `${run('conntrack', '-L')}${run('conntrack', '-L', '-f', 'ipv6')}`;
    expect(entries).not.toMatch(/dport=53 /);
    expect(await stop(dns)).toBe(0);
    expect([addresses(), tables()]).toEqual([[], []]);
    expect(run('ip', 'link')).not.toContain('menwei-dns');
    // The proxy has the queries again, and so has conntrack.
    expect(() => ask(IP, 'A', '+time=1')).toThrow();
    expect(run('conntrack', '-L')).toMatch(/dst=10\.96\.0\.10 .*dport=53 /);
    run('conntrack', '-F');
    await proxy.end('SIGTERM');
  });
});

describe('the interface and the rules', () => {
  it('come back, follow the Service, and are found by the next process and by cleanup', async () => {
    const first = RunProcess.start(['--manifests', manifests, ...DNS], { command: 'dns' });
    await untilAnswering(first);
    const all = [IP, LINK_LOCAL, IP6].sort();
    expect(addresses()).toEqual(all);
    run('ip', 'addr', 'del', `${IP}/32`, 'dev', 'menwei-dns');
    run('nft', 'flush', 'chain', 'ip', 'menwei-dns', 'prerouting');
    await expect.poll(addresses, PATIENCE).toEqual(all);
    await expect
      .poll(() => run('nft', 'list', 'chain', 'ip', 'menwei-dns', 'prerouting'), PATIENCE)
      .toContain('notrack');
    run('ip', 'link', 'del', 'menwei-dns');
    run('nft', 'delete', 'table', 'ip', 'menwei-dns');
    await expect.poll(addresses, PATIENCE).toEqual(all);
    await expect.poll(tables, PATIENCE).toEqual(['ip6 menwei-dns', 'ip menwei-dns']);
    expect(ask(IP, 'A')).toBe(IP);

    writeFileSync(manifests, objects('10.96.0.11'));
    await expect.poll(addresses, PATIENCE).toEqual(['10.96.0.11', LINK_LOCAL, IP6].sort());
    await expect.poll(() => ask('10.96.0.11', 'A'), PATIENCE).toBe('10.96.0.11');

    await first.end('SIGKILL');
    expect(addresses()).toHaveLength(3);
    await using second = RunProcess.start(['--manifests', manifests, ...DNS], { command: 'dns' });
    await expect.poll(() => second.log('I').join('\n'), PATIENCE).toContain('address=10.96.0.11');
    expect(ask('10.96.0.11', 'A')).toBe('10.96.0.11');
    expect(second.log('I').join('\n')).not.toContain('addresses were changed');
    await second.end('SIGKILL');

    run('ip', 'link', 'add', 'nodelocaldns', 'type', 'ifb');
    const cleaned = await RunProcess.toItsEnd([], { command: 'cleanup' });
    expect(cleaned.stdout).toContain('removed rules and interface menwei-dns of menwei dns --node-local');
    expect([addresses(), tables()]).toEqual([[], []]);
    expect(run('ip', 'link')).toContain('nodelocaldns');
  });

  it('are the link-local address alone where IPVS has the ClusterIP', async () => {
    run('ip', 'link', 'add', 'kube-ipvs0', 'type', 'ifb');
    run('ip', 'addr', 'add', '10.96.0.11/32', 'dev', 'kube-ipvs0');
    await using dns = RunProcess.start(['--manifests', manifests, ...DNS], { command: 'dns' });
    await untilAnswering(dns);
    expect(addresses()).toEqual([LINK_LOCAL, IP6].sort());
    expect(dns.log('W').join('\n')).toContain('pods must ask the link-local address');
    const status = await fetch('http://127.0.0.1:9153/status').then((response) => response.json());
    expect(status).toMatchObject({
      nodeLocal: { addresses: [LINK_LOCAL, IP6], rules: 'in place', ofIpvs: ['10.96.0.11'] },
    });
    expect(await stop(dns)).toBe(0);
    expect([addresses(), tables()]).toEqual([[], []]);
  });
});
