/**
 * The container image, unpacked and run as kubeadm's own DaemonSet runs kube-proxy: the same command and files, but on a root
 * file system that can't be written, as the first process, and with two capabilities.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FakeApiServer, testdata } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { packFolder, writeOciArchive } from '../../deploy/image/oci-archive.ts';
import { onlyCapabilities, proxyContainer } from './container.ts';
import { putEndpoints, putNode, putService } from './run-cluster.ts';
import { childrenOf, observeStatus } from './run-process.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'menwei-image-'));
const root = join(folder, 'root');
const SECRETS = 'var/run/secrets/kubernetes.io/serviceaccount';
const SETTINGS = 'var/lib/kube-proxy';

function build(into: string, ...args: readonly string[]): string {
  const script = join(REPOSITORY, 'deploy/image/build.ts');
  return execFileSync(process.execPath, [script, '--into', join(folder, into), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

function readJson(...path: readonly string[]) {
  return JSON.parse(readFileSync(join(...path), 'utf8'));
}

function blob(layout: string, { digest }: { readonly digest: string }): string {
  return join(layout, 'blobs', ...digest.split(':'));
}

function sha256(content: Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

let archive: string;
const layout = join(folder, 'layout');

// Without a network.
beforeAll(() => {
  archive = build('first');
  mkdirSync(layout);
  execFileSync('tar', ['-xf', archive, '-C', layout]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the archive', () => {
  it('is an OCI image of one layer', () => {
    expect(readJson(layout, 'oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
    const [entry] = readJson(layout, 'index.json').manifests;
    const manifest = readJson(blob(layout, entry));
    const [layer] = manifest.layers;
    for (const part of [entry, manifest.config, layer]) {
      const content = readFileSync(blob(layout, part));
      expect([sha256(content), content.length]).toEqual([part.digest, part.size]);
    }
    const config = readJson(blob(layout, manifest.config));
    expect(config.config.Entrypoint).toEqual(['/usr/local/bin/menwei']);
    const content = gunzipSync(readFileSync(blob(layout, layer)));
    expect(config.rootfs.diff_ids).toEqual([sha256(content)]);
    // The Dockerfile adds this file.
    expect(sha256(readFileSync(join(folder, 'first/rootfs.tar')))).toBe(sha256(content));
    mkdirSync(root);
    execFileSync('tar', ['-x', '-C', root], { input: content });
  });

  it('is the same bytes when it is packed again, elsewhere and later', () => {
    const [first, second] = [join(folder, 'first/rootfs.tar'), join(folder, 'second.tar')];
    packFolder(root, second);
    expect(sha256(readFileSync(second))).toBe(sha256(readFileSync(first)));
    const small = join(folder, 'small.tar');
    packFolder(join(root, 'etc'), small);
    const config = { name: 'n', architecture: 'a', entrypoint: [], command: [], environment: {}, labels: {} };
    const archives = ['a', 'b'].map((name) => {
      const file = join(folder, `${name}.tar`);
      writeOciArchive(small, config, file, join(folder, name));
      return sha256(readFileSync(file));
    });
    expect(archives[0]).toBe(archives[1]);
  });
});

const START = `set -e
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount --bind /run/xtables.lock "$root/run/xtables.lock"
mount -o remount,bind,ro "$root"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
exec capsh --chroot="$root" --shell=/bin/sh "$@"`;

const CONFIG = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: /var/lib/kube-proxy/kubeconfig.conf}
clusterCIDR: 10.0.0.0/8
mode: iptables
`;

function kubeconfig(server: string): string {
  const cluster = { server, 'certificate-authority': `/${SECRETS}/ca.crt` };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'default', cluster }],
    contexts: [{ name: 'default', context: { cluster: 'default', user: 'default' } }],
    'current-context': 'default',
    users: [{ name: 'default', user: { tokenFile: `/${SECRETS}/token` } }],
  });
}

/** What a container runtime does before it makes the root file system read-only. */
function prepareRoot(server: FakeApiServer): void {
  for (const path of [SECRETS, SETTINGS]) mkdirSync(join(root, path), { recursive: true });
  copyFileSync(testdata('ca.crt'), join(root, SECRETS, 'ca.crt'));
  writeFileSync(join(root, SECRETS, 'token'), 'token');
  writeFileSync(join(root, SETTINGS, 'config.conf'), CONFIG);
  writeFileSync(join(root, SETTINGS, 'kubeconfig.conf'), kubeconfig(server.url));
  writeFileSync(join(root, 'run/xtables.lock'), '');
  writeFileSync('/run/xtables.lock', '', { flag: 'a' });
}

/** `list discovery.k8s.io endpointslices`, as RBAC has it. */
function usedRights(server: FakeApiServer): ReadonlySet<string> {
  const verbs: Readonly<Record<string, string>> = { GET: 'list', POST: 'create', PATCH: 'patch' };
  return new Set(
    server.requests.map(({ method, path, isWatch }) => {
      const [, group = '', rest = ''] = /^\/api(?:s\/([^/]+))?\/v1\/(.*)$/.exec(path) ?? [];
      const [resource = '', name] = rest.replace(/^namespaces\/[^/]+\//, '').split('/');
      const verb = method === 'GET' && name !== undefined ? 'get' : isWatch ? 'watch' : verbs[method];
      return `${verb} ${group} ${resource}`;
    }),
  );
}

function grantedRights(): ReadonlySet<string> {
  const documents = parseAllDocuments(readFileSync(join(REPOSITORY, 'deploy/kubernetes/rbac.yaml'), 'utf8'));
  const role = documents.map((document) => document.toJS()).find(({ kind }) => kind === 'ClusterRole');
  const rights: string[] = [];
  for (const { apiGroups, resources, verbs } of role.rules)
    for (const verb of verbs) rights.push(`${verb} ${apiGroups} ${resources}`);
  return new Set(rights);
}

describe("the image in kubeadm's DaemonSet", () => {
  it('programs Services, asks for no more than the role grants, and is a good first process', async () => {
    execFileSync('ip', ['address', 'add', '10.0.0.1/32', 'dev', 'lo']);
    execFileSync('ip', ['route', 'add', '172.30.0.0/16', 'dev', 'lo']);
    const web = createServer((_request, response) => response.end('web')).listen(8080, '10.0.0.1');
    await using server = await FakeApiServer.start();
    putNode(server);
    putService(server, 'web', 1);
    putEndpoints(server, 'web', ['10.0.0.1']);
    prepareRoot(server);
    const { add } = proxyContainer().securityContext.capabilities;
    const command = [
      '/usr/local/bin/kube-proxy',
      '--config=/var/lib/kube-proxy/config.conf',
      '--hostname-override=node-a',
    ];
    const inside = ['sh', '-c', START, 'sh', root, ...onlyCapabilities(add), ...command];
    const unshare = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private', ...inside];
    const container = spawn('unshare', unshare, {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: { PATH: process.env.PATH },
    });
    let log = '';
    container.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    const ended = once(container, 'exit');
    try {
      await expect
        .poll(() => observeStatus().catch(() => log), { timeout: 30_000 })
        .toEqual(['default/web/TCP IPv4 programmed']);
      expect(await (await fetch('http://172.30.0.1')).text()).toBe('web');

      const [pid = 0] = childrenOf(container.pid).map(Number);
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
      const enter = ['--target', String(pid), '--mount', '--pid', '--root', '--wdns=/'];
      const shown = execFileSync('nsenter', [...enter, '/usr/local/bin/menwei', 'status'], {
        encoding: 'utf8',
      });
      expect(shown).toMatch(/default\/web\b.* programmed /);
      const orphan = ['/bin/sh', '-c', 'sh -c "exec node -e 0" & exit 0'];
      execFileSync('nsenter', [...enter, ...orphan]);
      expect(() =>
        execFileSync('nsenter', [...enter, '/bin/sh', '-c', 'echo > /tmp/file'], { stdio: 'pipe' }),
      ).toThrow('Read-only file system');
      await expect.poll(() => childrenOf(pid), { timeout: 30_000 }).toEqual([]);

      const granted = grantedRights();
      // Events are sent some seconds after the start.
      const unused = () => [...granted].filter((right) => !usedRights(server).has(right)).sort();
      await expect.poll(unused).toEqual(ONLY_SOMETIMES);
      expect([...usedRights(server)].filter((right) => !granted.has(right))).toEqual([]);
      process.kill(pid, 'SIGTERM');
      expect(await ended).toEqual([0, null]);
      expect(log).not.toContain(' E ');
    } finally {
      container.kill('SIGKILL');
      web.close();
    }
  });
});

/** In nftables mode, and for an Event that is repeated. */
const ONLY_SOMETIMES = [
  'list networking.k8s.io servicecidrs',
  'patch events.k8s.io events',
  'watch networking.k8s.io servicecidrs',
];
