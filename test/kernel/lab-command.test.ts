/** `menwei lab` as a user meets it: up, run, status, down. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LAUNCHER } from './run-process.ts';

const NAME = `test-${process.pid}`;

const folder = mkdtempSync(join(tmpdir(), 'menwei-lab-'));
const file = join(folder, 'lab.yaml');
writeFileSync(
  file,
  `nodes: [{name: node-a, ip: 192.168.49.2, podCIDR: 10.244.0.0/24}]
pods: [{name: web, node: node-a, ip: 10.244.0.10}]
client: {ip: 192.168.49.100}
`,
);

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

function holder(): number {
  const { pid }: { pid: number } = JSON.parse(lab('status', '--output', 'json').stdout);
  return pid;
}

afterAll(() => {
  lab('down');
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
      message: /^menwei: \S+manifests\.yaml:1: Service default\/a: spec\.clusterIP: [^\n]+\n$/,
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
    const up = lab('up', '-f', file);
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

    const pid = holder();
    expect(lab('down')).toMatchObject({ status: 0, stdout: 'the lab is down\n' });
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  it('comes up again after its holder was killed', async () => {
    expect(lab('up', '-f', file).status).toBe(0);
    const pid = holder();
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => lab('status').status).toBe(1);
    expect(lab('up', '-f', file).status).toBe(0);
  });
});
