/** The npm package `menwei` as an operator gets it: packed, installed where nothing else is, and run there. */
import { execFile, execFileSync, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { FakeApiServer } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { MODE_NAMES } from 'menwei/config/settings.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNpmRegistry } from './npm-registry.ts';
import { NODE, putEndpoints, putNode, putService, TestFolder } from './run-cluster.ts';
import { LAUNCHER, observeStatus } from './run-process.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const OBJECTS = join(REPOSITORY, 'test/data/reference-case/objects.yaml');
const execFileAsync = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'menwei-package-'));
const prefix = join(folder, 'prefix');
const installed = join(prefix, 'lib/node_modules/menwei');
/** What a shell of the operator has, and no tool of this checkout. */
const env = { PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin` };
let files: readonly string[];

function run(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(join(prefix, 'bin', program), args, {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

beforeAll(async () => {
  const pack = execFileSync(process.execPath, ['scripts/pack.ts', folder], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  });
  const tarball = pack.trim();
  files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
  mkdirSync(prefix);
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  await using registry = await startNpmRegistry();
  const places = ['--prefix', prefix, '--cache', join(folder, 'cache'), '--registry', registry.url];
  await execFileAsync('npm', ['install', '--global', ...places, '--no-audit', '--no-fund', tarball], {
    cwd: folder,
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('npm pack', () => {
  it('takes the compiled program, and nothing else', () => {
    expect(files.filter((file) => !/^package\/lib\/[\w.-]+\.js$/.test(file)).sort()).toEqual(
      [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'THIRD-PARTY-LICENSES',
        'bin/kube-proxy',
        'bin/menwei',
        'package.json',
      ].map((name) => `package/${name}`),
    );
  });

  it('needs one package from elsewhere', () => {
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect(manifest).not.toHaveProperty('private');
    expect(Object.keys(manifest.dependencies)).toEqual(['koffi']);
  });
});

describe('the installed package', () => {
  it('says its version, and under the name kube-proxy that of Kubernetes', () => {
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'packages/menwei/package.json'), 'utf8'));
    expect(run('menwei', '--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    const stdout = `Kubernetes v1.36.2+menwei.${version}\n`;
    expect(run('kube-proxy', '--version')).toEqual({ status: 0, stdout, stderr: '' });
  });

  it.each(MODE_NAMES)('renders the reference case in %s mode as the checkout does', (mode) => {
    const args = [
      'render',
      '-f',
      OBJECTS,
      '--mode',
      mode,
      '--node',
      'minikube',
      '--cluster-cidr',
      '10.244.0.0/16',
    ];
    const ofCheckout = execFileSync(LAUNCHER, args, { encoding: 'utf8' });
    expect(run('menwei', ...args)).toEqual({ status: 0, stdout: ofCheckout, stderr: '' });
  });

  it.each(['iptables', 'userspace'])('shows the demo in %s mode', (mode) => {
    const { status, stdout, stderr } = run('menwei', 'lab', 'demo', '--proxy-mode', mode);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('All of it was observed');
  });

  it('is kube-proxy to a cluster, by its configuration file and host name', async () => {
    await using server = await FakeApiServer.start();
    putNode(server);
    putService(server, 'web', 1);
    putEndpoints(server, 'web', ['10.0.0.1']);
    using cluster = new TestFolder();
    const config = {
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      clientConnection: { kubeconfig: cluster.kubeconfig(server) },
      clusterCIDR: '10.0.0.0/8',
      mode: 'nftables',
    };
    const file = cluster.write('config.conf', JSON.stringify(config));
    const flags = [`--config=${file}`, `--hostname-override=${NODE}`];
    const proxy = spawn(join(prefix, 'bin/kube-proxy'), flags, { cwd: folder, env, stdio: 'ignore' });
    try {
      await expect.poll(() => observeStatus().catch(() => [])).toContain('default/web/TCP IPv4 programmed');
      expect(run('menwei', 'status').stdout).toMatch(/default\/web.*programmed/);
    } finally {
      proxy.kill('SIGTERM');
      await once(proxy, 'exit');
    }
    expect(proxy.exitCode).toBe(0);
  });

  it('is a cluster that keeps its objects', async () => {
    const data = join(folder, 'cluster');
    const args = ['cluster', 'up', '--data', data, '--listen', '127.0.0.1:0'];
    const stdio: StdioOptions = ['ignore', 'pipe', 'ignore'];
    const cluster = spawn(join(prefix, 'bin/menwei'), args, { cwd: folder, env, stdio });
    let told = '';
    cluster.stdout?.on('data', (chunk: Buffer) => {
      told += chunk.toString();
    });
    try {
      await expect
        .poll(() => told, { timeout: 10_000 })
        .toBe(`ready; kubeconfig: ${data}/admin.kubeconfig\n`);
    } finally {
      cluster.kill('SIGTERM');
      await once(cluster, 'exit');
    }
    expect(cluster.exitCode).toBe(0);
    const stdout = `${data}: the addresses and ports of all Services are as they must be\n`;
    expect(run('menwei', 'cluster', 'check', '--data', data)).toEqual({ status: 0, stdout, stderr: '' });
  });

  it('cleans up under the name kube-proxy', () => {
    expect(run('kube-proxy', '--cleanup')).toMatchObject({ status: 0 });
  });
});
