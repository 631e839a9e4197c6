import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatProblem, formatRef } from '../../kubernetes/objects.ts';
import { formatManifestError } from './manifest-file.ts';
import { readManifests } from './read-manifests.ts';

const REFERENCE_CASE = join(import.meta.dirname, '../../../../../test/data/reference-case/objects.yaml');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'menwei-manifests-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const node = (name: string, zone = '') =>
  `apiVersion: v1\nkind: Node\nmetadata: {name: ${name}, labels: {topology.kubernetes.io/zone: "${zone}"}}\n`;

describe('reading manifests once', () => {
  it('reads the reference case', async () => {
    const { objects, problems, errors, ignoredKinds } = await readManifests([REFERENCE_CASE]);
    expect({ problems, errors, ignoredKinds }).toEqual({ problems: [], errors: [], ignoredKinds: [] });
    expect(objects.map(formatRef)).toEqual([
      'Node minikube',
      'Service default/kubernetes',
      'EndpointSlice default/kubernetes',
      'Service default/nginx-service',
      'EndpointSlice default/nginx-service-x7k2p',
      'Service kube-system/kube-dns',
      'EndpointSlice kube-system/kube-dns-9fqzt',
    ]);
    expect(objects[3]).toMatchObject({
      clusterIPs: { IPv4: '10.101.57.97' },
      ports: [{ name: '', protocol: 'TCP', port: 80, nodePort: 0 }],
    });
    expect(objects[4]).toMatchObject({
      serviceName: 'nginx-service',
      endpoints: [{ ip: '10.244.0.27', nodeName: 'minikube' }, { ip: '10.244.0.28' }, { ip: '10.244.0.30' }],
    });
  });

  it('takes the manifests of a folder by name, and no other files', async () => {
    await writeFile(join(folder, 'b.yml'), node('b'));
    await writeFile(
      join(folder, 'a.json'),
      JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } }),
    );
    await writeFile(join(folder, 'c.yaml'), node('c'));
    await writeFile(join(folder, '.hidden.yaml'), node('hidden'));
    await writeFile(join(folder, 'c.yaml~'), node('backup'));
    await symlink(join(folder, 'gone'), join(folder, 'd.yaml'));
    const { objects, errors } = await readManifests([folder]);
    expect(objects.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(errors).toEqual([]);
  });

  it.each<[string, Buffer]>([
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${node('a')}`)],
    ['UTF-16, low byte first', Buffer.from(`\uFEFF${node('a')}`, 'utf16le')],
    ['UTF-16, high byte first', Buffer.from(`\uFEFF${node('a')}`, 'utf16le').swap16()],
  ])('reads %s', async (_, bytes) => {
    await writeFile(join(folder, 'a.yaml'), bytes);
    const { objects, errors } = await readManifests([folder]);
    expect(errors).toEqual([]);
    expect(objects.map(({ name }) => name)).toEqual(['a']);
  });

  it.each<[string, Buffer, string]>([
    ['another encoding', Buffer.from('# é\n', 'latin1'), 'a.yaml: is not valid UTF-8'],
    [
      'no text at all',
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0]),
      'a.yaml:1: control characters are not allowed',
    ],
  ])('says that a file is %s', async (_, bytes, message) => {
    await writeFile(join(folder, 'a.yaml'), bytes);
    const { errors } = await readManifests([folder]);
    expect(errors.map(formatManifestError)).toEqual([join(folder, message)]);
  });

  it('lets the first path win', async () => {
    await writeFile(join(folder, 'a.yaml'), node('node-1', 'of-a'));
    await writeFile(join(folder, 'b.yaml'), node('node-1', 'of-b'));
    const { objects, problems } = await readManifests([join(folder, 'b.yaml'), folder]);
    expect(objects).toMatchObject([{ name: 'node-1', zone: 'of-b' }]);
    expect(problems.map(formatProblem)).toEqual([
      `${folder}/a.yaml:1: Node node-1: is in ${folder}/b.yaml too; that one is used`,
    ]);
  });

  it('says what can not be read and goes on', async () => {
    await mkdir(join(folder, 'a.yaml'));
    await writeFile(join(folder, 'b.yaml'), `${node('b')}---\n"open\n`);
    const { objects, errors } = await readManifests([folder]);
    expect(objects.map(({ name }) => name)).toEqual(['b']);
    expect(errors.map(formatManifestError)).toEqual([
      `${folder}/a.yaml: is a folder`,
      expect.stringMatching(new RegExp(`^${folder}/b.yaml:\\d: `)),
    ]);
  });

  it('waits for no pipe, socket or device that lies in a folder', async () => {
    execFileSync('mkfifo', [join(folder, 'a.yaml')]);
    await using socket = createServer().listen(join(folder, 'b.yaml'));
    await once(socket, 'listening');
    await symlink('/dev/zero', join(folder, 'c.yaml'));
    await symlink('d.yaml', join(folder, 'd.yaml'));
    await writeFile(join(folder, 'e.yaml'), node('e'));
    const { objects, errors } = await readManifests([folder]);
    expect(objects.map(({ name }) => name)).toEqual(['e']);
    const noFile = 'is a pipe, socket or device; only regular files of a folder are read';
    expect(errors.map(formatManifestError)).toEqual([
      `${folder}/a.yaml: ${noFile}`,
      `${folder}/b.yaml: ${noFile}`,
      `${folder}/c.yaml: ${noFile}`,
      `${folder}/d.yaml: too many levels of symbolic links`,
    ]);
  });

  it('reads no file without end', async () => {
    await writeFile(join(folder, 'a.yaml'), '');
    await truncate(join(folder, 'a.yaml'), 2 ** 40);
    const { errors } = await readManifests([folder, '/dev/zero']);
    expect(errors.map(formatManifestError)).toEqual([
      `${folder}/a.yaml: is larger than 256 MiB`,
      '/dev/zero: is larger than 256 MiB',
    ]);
  });

  it('waits for a pipe that is given by its name', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [{ objects }] = await Promise.all([readManifests([pipe]), writeFile(pipe, node('a'))]);
    expect(objects.map(({ name }) => name)).toEqual(['a']);
  });

  it('names the kinds it passes over, each once', async () => {
    await writeFile(
      join(folder, 'a.yaml'),
      'apiVersion: v1\nkind: Secret\n---\napiVersion: v1\nkind: Secret\n',
    );
    expect((await readManifests([folder])).ignoredKinds).toEqual(['v1 Secret']);
  });

  it('takes the node port range from its caller', async () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: my-nginx}\n';
    await writeFile(
      join(folder, 'a.yaml'),
      `${service}spec: {type: NodePort, clusterIP: 172.30.0.41, ports: [{port: 80, nodePort: 8080}]}\n`,
    );
    expect((await readManifests([folder])).problems.map(({ message }) => message)).toEqual([
      '8080 is outside 30000-32767',
    ]);
    expect(
      (await readManifests([folder], { nodePortRange: { first: 8080, last: 8080 } })).objects,
    ).toHaveLength(1);
  });

  it('refuses a path that does not exist', async () => {
    const path = join(folder, 'none.yaml');
    await expect(readManifests([folder, path])).rejects.toThrow(`${path}: no such file or folder`);
  });
});
