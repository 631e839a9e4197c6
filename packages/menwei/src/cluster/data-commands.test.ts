import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { describeFaults, makeKubeconfig, restoreBackup, writeBackup } from './data-commands.ts';
import { writeKubeconfigs } from './kubeconfigs.ts';
import { loadServingTls } from './serving-tls.ts';
import { openFileStore } from './store/file-store.ts';

let folder: string;
let data: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'data-commands-'));
  data = join(folder, 'data');
  const store = await openFileStore({ folder: data, sync: 'normal', logger: silentLogger });
  await store.transact((transaction) => {
    const metadata = { name: 'one', namespace: 'default', uid: 'u1' };
    transaction.put('configmaps', { kind: 'ConfigMap', apiVersion: 'v1', metadata });
    const spec = {
      type: 'ClusterIP',
      clusterIP: '10.96.0.9',
      clusterIPs: ['10.96.0.9'],
      ports: [{ port: 80 }],
    };
    transaction.put('services', { kind: 'Service', apiVersion: 'v1', metadata, ...{ spec } });
  });
  await store.close();
  const files = { certFile: undefined, keyFile: undefined, clientCaFile: undefined, names: [] };
  const names = { dnsNames: ['localhost'], addresses: ['127.0.0.1'] };
  const tls = await loadServingTls(join(data, 'pki'), files, names, Date.now());
  await writeKubeconfigs(data, undefined, 'https://127.0.0.1:6443', tls);
});
afterEach(() => rm(folder, { recursive: true }));

async function objectsIn(path: string): Promise<readonly string[]> {
  const store = await openFileStore({ folder: path, sync: 'normal', logger: silentLogger });
  try {
    return Array.from(store.list('configmaps'), ({ name }) => name);
  } finally {
    await store.close();
  }
}

describe('the data folder of a cluster', () => {
  it('gives kubeconfigs to its users', async () => {
    const text = await makeKubeconfig(data, 'viewer');
    const certificate = Buffer.from(/client-certificate-data: "?([\w+/=]+)/.exec(text)?.[1] ?? '', 'base64');
    expect(new X509Certificate(certificate).subject).toBe('CN=menwei-viewer\nO=menwei:viewers');
    expect(text).toContain('server: "https://127.0.0.1:6443"');
    await expect(makeKubeconfig(join(folder, 'none'), 'admin')).rejects.toThrow(
      'no cluster has run with this folder',
    );
  });

  it('is made again from a backup, with keys or without', async () => {
    const [bare, whole] = [join(folder, 'bare'), join(folder, 'whole')];
    await writeFile(join(data, 'tokens.csv'), 'secret,jane,1\n');
    await writeBackup(data, bare, false);
    await writeBackup(data, whole, true);
    expect((await stat(`${whole}.keys`)).mode & 0o777).toBe(0o600);
    const first = join(folder, 'first');
    expect(await restoreBackup(bare, first)).toEqual({ withKeys: false });
    expect(await readdir(first)).not.toContain('pki');
    expect(await objectsIn(first)).toEqual(['one']);
    const second = join(folder, 'second');
    expect(await restoreBackup(whole, second)).toEqual({ withKeys: true });
    for (const file of ['pki/ca.key', 'pki/ca.crt', 'tokens.csv']) {
      expect(await readFile(join(second, file), 'utf8')).toBe(await readFile(join(data, file), 'utf8'));
    }
    expect(await objectsIn(second)).toEqual(['one']);
  });

  it('is neither overwritten by a backup, nor overwrites one', async () => {
    const file = join(folder, 'backup');
    await writeBackup(data, file, true);
    await expect(writeBackup(data, file, false)).rejects.toThrow(`${file}: `);
    await expect(writeBackup(data, file, true)).rejects.toThrow(`${file}.keys: there is a file already`);
    await expect(restoreBackup(file, data)).rejects.toThrow(`${data}: not empty`);
  });

  it('takes nothing but keys from a file of keys', async () => {
    const file = join(folder, 'backup');
    await writeBackup(data, file, false);
    for (const keys of ['{"../evil": "x"}', '{"pki/../../evil": "x"}', '{"pki/a.key": 1}', '[]', 'x']) {
      await writeFile(`${file}.keys`, keys);
      await expect(restoreBackup(file, join(folder, 'new'))).rejects.toThrow(
        `${file}.keys: is no file of keys`,
      );
    }
    expect(await readdir(folder)).not.toContain('new');
  });

  it('says what is wrong with addresses', () => {
    expect(describeFaults(data, { first: 30_000, last: 32_767 }, Date.now()).join('\n')).toMatch(
      /^Service default\/one: ClusterIPOutOfRange: .* \(is not repaired by itself\)$/m,
    );
  });
});
