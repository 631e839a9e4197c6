/** `menwei lab` as a user meets it: up, run, status, down. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { observeIpvsSupport } from '@menwei/netlink/ipvs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { LAUNCHER } from './run-process.ts';

const NAME = `test-${process.pid}`;

const folder = mkdtempSync(join(tmpdir(), 'menwei-lab-'));
const file = join(folder, 'lab.yaml');
writeFileSync(
  file,
  `nodes: [{name: node-a, ip: 192.168.49.2, podCIDR: 10.244.0.0/24}]
pods: [{name: web, node: node-a, ip: 10.244.0.10, ports: [80, {name: api, port: 8080}]}]
client: {ip: 192.168.49.100}
`,
);

const SERVICES = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {clusterIP: 10.96.0.80, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: "", port: 80}]
endpoints: [{addresses: [10.244.0.10], nodeName: node-a}]
`;
const selecting = join(folder, 'selecting.yaml');
writeFileSync(
  selecting,
  '{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: api}]}}',
);
const services = join(folder, 'services.yaml');
writeFileSync(services, SERVICES);

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function lab(command: string, ...rest: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(LAUNCHER, ['lab', command, '--name', NAME, ...rest], {
    encoding: 'utf8',
    cwd: '/',
  });
  return { status, stdout, stderr };
}

function answerOf(address: string): unknown {
  return JSON.parse(lab('run', 'node-a', '--', 'curl', '-s', '--max-time', '5', `http://${address}`).stdout);
}

function holder(): number {
  const { pid }: { pid: number } = JSON.parse(lab('status', '--output', 'json').stdout);
  return pid;
}

afterEach(() => {
  lab('down');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('menwei lab', () => {
  it('says that none is up', () => {
    const { status, stderr } = lab('run', 'web', '--', 'true');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^menwei: lab: not running/);
  });

  it('says what is wrong with the file', () => {
    const broken = join(folder, 'broken.yaml');
    writeFileSync(broken, 'nodes: [{name: node-a, ip: nowhere, podCIDR: 10.244.0.0/24}]\n');
    const { status, stderr } = lab('up', '-f', broken);
    expect(status).toBe(1);
    expect(stderr).toBe(
      `menwei: ${broken}: node node-a: ip: nowhere is not an IPv4 address in its usual form\n`,
    );
  });

  it.each([
    {
      title: 'manifests that can not be read',
      text: 'kind: [',
      message: /^menwei: \S+manifests\.yaml:1: [^\n]+\n$/,
    },
    {
      title: 'an object with a mistake',
      text: '{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: x}}',
      message:
        /^menwei: \S+manifests\.yaml:1: Service "a" is invalid: spec\.clusterIPs\[0\]: [^\n]+\nmenwei: lab: it did not come up/,
    },
    {
      title: 'manifests that are not there',
      message: /^menwei: \S+manifests\.yaml: no such file or folder\n$/,
    },
    {
      title: 'a mode that does not exist',
      text: '',
      more: ['--proxy-mode', 'ebpf'],
      status: 2,
      message: /^menwei: option [^\n]+'ebpf'[^\n]+\n$/,
    },
  ])('builds nothing with $title', ({ text, more = [], status = 1, message }) => {
    const manifests = join(folder, 'manifests.yaml');
    rmSync(manifests, { force: true });
    if (text !== undefined) writeFileSync(manifests, text);
    const up = lab('up', '-f', file, '--manifests', manifests, ...more);
    expect(up).toEqual({ status, stdout: '', stderr: expect.stringMatching(message) });
    expect(lab('status').status).toBe(1);
  });

  it('comes up, runs commands inside, and goes down', () => {
    const up = lab('up', '-f', file, '--proxy-mode', 'none');
    expect(up).toMatchObject({ status: 0, stderr: '' });
    expect(up.stdout).toContain('10.244.0.10');
    expect(lab('up', '-f', file).stderr).toMatch(/^menwei: lab: already running \(process \d+\)/);

    const inside = lab('run', 'web', '--', 'sh', '-c', 'ip -brief address; exit 7');
    expect(inside.stdout).toContain('10.244.0.10/32');
    expect(inside.status).toBe(7);
    expect(lab('run', 'web', '--', 'no-such-command').stderr).toBe(
      'menwei: lab: no-such-command: command not found\n',
    );
    expect(lab('run', 'nobody', '--', 'true').stderr).toMatch(
      /there is no host nobody, but node-a, web, client, wire/,
    );

    expect(lab('restart', 'node-a').stderr).toBe(
      "menwei: lab: no proxy of the lab's runs on node-a: it was brought up without any\n",
    );

    const pid = holder();
    expect(lab('down')).toMatchObject({ status: 0, stdout: 'the lab is down\n' });
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('comes up when its proxies have programmed what there is; restarts, compares and follows each', async () => {
    const up = lab('up', '-f', file, '--manifests', services);
    expect(up).toMatchObject({ status: 0, stderr: '' });
    expect(up.stdout).toMatch(/^node-a .* iptables, 4 service ports programmed$/m);
    expect(answerOf('10.96.0.80')).toMatchObject({ pod: 'web' });
    expect(lab('diff', 'node-a')).toEqual({ status: 0, stdout: '', stderr: '' });
    const follower = spawn(LAUNCHER, ['lab', 'logs', '--name', NAME, 'node-a', '-f']);
    let followed = '';
    follower.stdout.on('data', (piece: Buffer) => {
      followed += piece;
    });
    await expect.poll(() => followed).toMatch(/full sync complete family=IPv4/);

    const restarted = lab('restart', 'node-a', '--proxy-mode', 'nftables', '--', '-v', '2');
    expect(restarted).toEqual({
      status: 0,
      stdout: 'node-a: nftables, 4 service ports programmed\n',
      stderr: '',
    });
    expect(lab('logs', 'node-a').stdout).toMatch(/service port added.*default\/web/);
    expect(answerOf('10.96.0.80')).toMatchObject({ pod: 'web' });

    const refused = lab('restart', 'node-a', '--', '--no-such-flag');
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toMatch(
      /^menwei: lab: the proxy on node-a has ended: unknown option '--no-such-flag' \(log: \S+node-a\.log\)\n$/,
    );
    expect(lab('status').stdout).toMatch(/^node-a .* nftables, has ended$/m);
    expect(lab('restart', 'node-a')).toMatchObject({ status: 0, stderr: '' });
    expect(lab('restart', 'node-z').stderr).toBe('menwei: lab: there is no node node-z, but node-a\n');
    const ended = once(follower, 'exit');
    expect(lab('down').status).toBe(0);
    expect(await ended).toEqual([0, null]);
    expect(followed).toMatch(/proxy mode is iptables(.|\n)*proxy mode is nftables(.|\n)*menwei stopped/);
  });

  it('has pods that turn unready, and that end with their objects', async () => {
    const up = lab('up', '-f', file, '--proxy-mode', 'none', '--manifests', selecting);
    expect(up).toMatchObject({ status: 0, stderr: '' });
    const ready = '-o=jsonpath={.items[*].endpoints[*].conditions.ready}';
    const slices = ['get', 'endpointslices', '-l', 'kubernetes.io/service-name=web', ready];
    expect(lab('kubectl', ...slices).stdout).toBe('true');
    expect(lab('unready', 'web')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(lab('status').stdout).toMatch(/^web .* not ready$/m);
    await expect.poll(() => lab('kubectl', ...slices).stdout).toBe('false');
    expect(lab('ready', 'web').status).toBe(0);
    await expect.poll(() => lab('kubectl', ...slices).stdout).toBe('true');
    expect(lab('ready', 'node-a').stderr).toBe('menwei: lab: there is no pod node-a\n');

    expect(lab('kubectl', 'delete', 'pod', 'web').status).toBe(0);
    expect(lab('status').stdout).not.toContain('10.244.0.10');
    await expect.poll(() => lab('kubectl', ...slices).stdout).toBe('');
    const unfound = spawnSync(LAUNCHER, ['lab', 'kubectl', '--name', NAME, 'get', 'pods'], {
      ...{ encoding: 'utf8', env: { PATH: folder } },
    });
    expect(unfound).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/there is no kubectl on this machine/),
    });
  });

  it('is not said to be up with a proxy that ends, nor as complete with a Service that is refused', () => {
    const wrong = join(folder, 'wrong.yaml');
    const contested =
      SERVICES.split('---')[0]?.replace('clusterIP: 10.96.0.80,', 'externalIPs: [192.0.2.1],') ?? '';
    writeFileSync(wrong, `${contested}---\n${contested.replace('name: web,', 'name: xyz,')}`);
    const incomplete = lab('up', '-f', file, '--manifests', wrong);
    expect(incomplete.status).toBe(1);
    expect(incomplete.stderr).toMatch(
      /^menwei: lab: node-a: default\/xyz\/TCP IPv4: [^\n]*default\/web[^\n]*\n$/,
    );
    expect(incomplete.stdout).toMatch(/^node-a .* iptables, 4 of 5 service ports programmed$/m);
    expect(lab('down').status).toBe(0);

    if (observeIpvsSupport() === undefined) return;
    const ended = lab('up', '-f', file, '--manifests', services, '--proxy-mode', 'ipvs');
    expect(ended).toMatchObject({ status: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^menwei: lab: the proxy on node-a has ended: ipvs mode is not available/);
    expect(lab('status').status).toBe(1);
  });

  it('says why a Service of type LoadBalancer has no address', () => {
    const balanced = join(folder, 'balanced.yaml');
    const text = 'loadBalancer: {pools: [192.168.49.200-192.168.49.220]}';
    writeFileSync(balanced, `${readFileSync(file, 'utf8')}${text}\n`);
    const far = join(folder, 'far.yaml');
    const object = {
      ...{ apiVersion: 'v1', kind: 'Service' },
      metadata: { name: 'far', annotations: { 'menwei.dev/load-balancer-ips': '203.0.113.7' } },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
    };
    writeFileSync(far, JSON.stringify(object));
    const up = lab('up', '-f', balanced, '--manifests', far, '--proxy-mode', 'none');
    expect(up.status).toBe(1);
    expect(up.stderr).toBe(
      'menwei: lab: default/far: AddressOutsidePools: 203.0.113.7 is in no pool (pools: lab)\n',
    );
    expect(lab('status').stdout).toMatch(/^default\/far: AddressOutsidePools: /m);
  });

  it('comes up again after its holder was killed', async () => {
    expect(lab('up', '-f', file, '--proxy-mode', 'none').status).toBe(0);
    const pid = holder();
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => lab('status').status).toBe(1);
    expect(lab('up', '-f', file, '--proxy-mode', 'none').status).toBe(0);
  });
});
