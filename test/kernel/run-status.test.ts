/** `menwei status` beside a proxy that runs: what it shows, and what it shows of changes. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { StatusRow } from 'menwei/status/status-row.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE, testFolder } from './run-cluster.ts';
import { LAUNCHER, observeStatus, RunProcess } from './run-process.ts';

const folder = testFolder();
const FLAGS = [
  ...['--manifests', folder.path, '--hostname-override', NODE, '--proxy-mode', 'nftables'],
  ...['--iptables-min-sync-period', '0s'],
];

beforeEach(() => {
  folder.write('services.yaml', manifests(['10.0.0.1', '10.0.0.2']));
});
afterEach(async () => {
  rmSync(`${folder.path}/services.yaml`, { force: true });
  expect((await RunProcess.toItsEnd(['--cleanup'])).status).toBe(0);
});

/** default/web with these endpoints, and default/late, which wants the cluster IP that web has. */
function manifests(endpoints: readonly string[]): string {
  return `apiVersion: v1
kind: Service
metadata: {name: web, namespace: default, creationTimestamp: "2020-01-01T00:00:00Z"}
spec: {type: NodePort, clusterIP: 172.30.0.1, ports: [{name: http, port: 80, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: late, namespace: default, creationTimestamp: "2020-01-02T00:00:00Z"}
spec: {clusterIP: 172.30.0.1, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints:
${endpoints.map((ip) => `- {addresses: ["${ip}"], nodeName: ${ip === '10.0.0.1' ? NODE : 'node-b'}}\n`).join('')}`;
}

async function startProxy(): Promise<RunProcess> {
  const run = RunProcess.start(FLAGS);
  const statuses = () => observeStatus().catch(() => []);
  await expect.poll(statuses, { timeout: 20_000 }).toContain('default/web:http/TCP IPv4 programmed');
  return run;
}

interface Shown {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function menweiStatus(...args: readonly string[]): Shown {
  const { status, stdout, stderr } = spawnSync(LAUNCHER, ['status', ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Without the widths of the columns and the ages. */
function squeeze(text: string): readonly string[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => line.replaceAll(/ {3,}/g, ' | ').replace(/ \| \d+m?\d*s(?= \|)/, ' | AGE'));
}

/** `menwei status -w`, as it goes on. */
class Watch implements AsyncDisposable {
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  constructor(...args: readonly string[]) {
    const argv = ['--pdeathsig', 'KILL', LAUNCHER, 'status', '-w', ...args];
    this.#child = spawn('/usr/bin/setpriv', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
  }

  get text(): string {
    return this.#stdout;
  }

  get lines(): readonly string[] {
    return squeeze(this.#stdout);
  }

  get errors(): readonly string[] {
    return this.#stderr.split('\n').slice(0, -1);
  }

  async interrupt(): Promise<number | null> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGINT');
    await ended;
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.interrupt();
  }
}

describe('menwei status', () => {
  it('shows each service port, with the reason of an error', async () => {
    await using run = await startProxy();
    const { status, stdout, stderr } = menweiStatus();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(squeeze(stdout)).toEqual([
      'SERVICE-PORT | FAMILY | STATE | SINCE | ENDPOINTS | REASON',
      expect.stringMatching(
        /^default\/late\/TCP \| IPv4 \| error \| AGE \| 0\/0 \| .*172\.30\.0\.1.*default\/web/,
      ),
      'default/web:http/TCP | IPv4 | programmed | AGE | 2/2',
    ]);
    expect(squeeze(menweiStatus('-o', 'wide', '--metrics-bind-address', '0.0.0.0:10249').stdout)).toContain(
      'default/web:http/TCP | IPv4 | programmed | AGE | 2/2 | 1 | <none> | 172.30.0.1:80 | 30080 | nftables',
    );
    const json: readonly StatusRow[] = JSON.parse(menweiStatus('-o', 'json').stdout);
    expect(json).toEqual(await (await fetch('http://127.0.0.1:10249/status')).json());
    await run.end('SIGTERM');
  });

  it('says in a line that no proxy runs, and that it was called wrongly', () => {
    expect(menweiStatus()).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^menwei: can't read http:\/\/127\.0\.0\.1:10249\/status: .*is menwei running\?[^\n]*\n$/,
      ),
    });
    expect(menweiStatus('-w').status).toBe(1);
    for (const args of [['-o', 'yaml'], ['--metrics-bind-address', 'here'], ['web']]) {
      expect(menweiStatus(...args)).toEqual({
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(/^menwei: [^\n]+\n$/),
      });
    }
  });
});

describe('menwei status -w', () => {
  it('shows what changes, and goes on when the proxy is started anew', async () => {
    await using run = await startProxy();
    await using watch = new Watch();
    await expect.poll(() => watch.lines).toContain('default/web:http/TCP | IPv4 | programmed | AGE | 2/2');
    folder.write('services.yaml', manifests(['10.0.0.1', '10.0.0.2', '10.0.0.3']));
    await expect.poll(() => watch.lines.at(-1)).toBe('default/web:http/TCP | IPv4 | programmed | AGE | 3/3');
    await run.end('SIGTERM');
    await expect.poll(() => watch.errors).toEqual([expect.stringContaining('is menwei running?')]);
    folder.write('services.yaml', manifests([]));
    const before = watch.lines.length;
    await using again = await startProxy();
    await expect.poll(() => watch.errors.at(-1)).toBe('menwei: the proxy answers again');
    await expect
      .poll(() => watch.lines.at(-1))
      .toBe('default/web:http/TCP | IPv4 | programmed | AGE | 0/0 | warning: no endpoints');
    expect(watch.lines.slice(before)).not.toContainEqual(expect.stringMatching(/^SERVICE-PORT/));
    expect(await watch.interrupt()).toBe(0);
    await again.end('SIGTERM');
  });

  it('gives a JSON object a line', async () => {
    await using run = await startProxy();
    await using watch = new Watch('-o', 'json');
    const states = () =>
      watch.text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
        .map(({ servicePort, state }) => `${servicePort} ${state}`);
    await expect.poll(states).toEqual(['default/late/TCP error', 'default/web:http/TCP programmed']);
    rmSync(`${folder.path}/services.yaml`);
    folder.write(
      'services.yaml',
      manifests([])
        .replace('name: late', 'name: later')
        .replace('172.30.0.1, ports: [{port: 80}]', '172.30.0.2, ports: [{port: 80}]'),
    );
    await expect.poll(states).toContain('default/late/TCP deleted');
    await expect.poll(states).toContain('default/later/TCP programmed');
    await run.end('SIGTERM');
  });
});
