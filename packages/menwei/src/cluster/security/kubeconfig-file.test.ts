import { chmod, lstat, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatKubeconfig, mergeKubeconfig } from './kubeconfig-file.ts';

const ENTRY = {
  name: 'menwei',
  server: 'https://127.0.0.1:6443',
  authority: 'CA',
  client: { certificate: 'C', key: 'K' },
};
const OTHERS = `apiVersion: v1
kind: Config
preferences: {colors: true}
current-context: kind
clusters:
- {name: kind, cluster: {server: "https://a:1", extensions: [{name: x, extension: {"y": "on", "n": 1.50}}]}}
contexts:
- {name: kind, context: {cluster: kind, user: kind, namespace: dev}}
users:
- {name: kind, user: {exec: {command: aws, args: ["on", "0777"], env: null}}}
`;

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  path = join(folder, 'config');
});
afterEach(() => rm(folder, { recursive: true }));

describe('a kubeconfig', () => {
  it('is whole by itself', () => {
    expect(formatKubeconfig(ENTRY)).toBe(`apiVersion: v1
kind: Config
clusters:
- name: menwei
  cluster:
    certificate-authority-data: "Q0E="
    server: "https://127.0.0.1:6443"
contexts:
- name: menwei
  context:
    cluster: menwei
    user: menwei
current-context: menwei
users:
- name: menwei
  user:
    client-certificate-data: "Qw=="
    client-key-data: "Sw=="
`);
  });

  it('is made where there is none, for its owner alone', async () => {
    path = join(folder, 'new', 'config');
    await mergeKubeconfig(path, ENTRY, '/data');
    expect(await readFile(path, 'utf8')).toContain('certificate-authority-data: "Q0E="');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('keeps all that others have in it, its mode, and a link to it', async () => {
    await writeFile(path, OTHERS);
    await chmod(path, 0o640);
    const link = join(folder, 'link');
    await symlink(path, link);
    await mergeKubeconfig(link, ENTRY, '/data');
    await mergeKubeconfig(link, { ...ENTRY, server: 'https://127.0.0.1:7443' }, '/data');
    expect(await readFile(path, 'utf8')).toBe(`apiVersion: v1
kind: Config
preferences:
  colors: true
current-context: kind
clusters:
- name: kind
  cluster:
    server: "https://a:1"
    extensions:
    - name: x
      extension:
        "y": "on"
        "n": 1.5
- name: menwei
  cluster:
    certificate-authority-data: "Q0E="
    extensions:
    - name: menwei.dev/cluster
      extension:
        data: /data
    server: "https://127.0.0.1:7443"
contexts:
- name: kind
  context:
    cluster: kind
    user: kind
    namespace: dev
- name: menwei
  context:
    cluster: menwei
    user: menwei
users:
- name: kind
  user:
    exec:
      command: aws
      args:
      - "on"
      - "0777"
      env: null
- name: menwei
  user:
    client-certificate-data: "Qw=="
    client-key-data: "Sw=="
`);
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
  });

  it.each([
    [
      'cluster',
      'clusters: [{name: menwei, cluster: {server: "https://b"}}]',
      'clusters[] menwei is of another',
    ],
    ['context', 'contexts: [{name: menwei, context: {cluster: x}}]', 'contexts[] menwei is of another'],
    ['user', 'users: [{name: menwei, user: {token: secret}}]', 'users[] menwei is of another'],
  ])('is left alone if it has another’s %s of this name', async (_, text, message) => {
    await writeFile(path, text);
    await expect(mergeKubeconfig(path, ENTRY, '/data')).rejects.toThrow(`${path}: ${message}`);
    expect(await readFile(path, 'utf8')).toBe(text);
    await rm(path);
    await mergeKubeconfig(path, ENTRY, '/other');
    await expect(mergeKubeconfig(path, ENTRY, '/data')).rejects.toThrow('than that of /data');
  });

  it.each([
    ['no YAML', 'clusters: [', /line 1/],
    ['another kind', 'kind: Service', /is no kubeconfig/],
    ['a list', '- a', /is no kubeconfig/],
    ['clusters that are no list', 'clusters: {a: b}', /clusters is not a list/],
    ['a second document', 'kind: Config\n---\nkind: Config\n', /second document/],
    ['a key twice', 'users: []\nusers: []\n', /users is set more than once/],
  ])('is left alone if it is %s', async (_, text, message) => {
    await writeFile(path, text);
    await expect(mergeKubeconfig(path, ENTRY, '/data')).rejects.toThrow(message);
    expect(await readFile(path, 'utf8')).toBe(text);
  });
});
