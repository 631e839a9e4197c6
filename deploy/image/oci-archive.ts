/** An image of one layer as an OCI image layout in a tar file, which containerd, CRI-O, podman and skopeo read. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

interface ImageConfig {
  /** As `menwei:0.1.0`. */
  readonly name: string;
  /** As OCI names it: amd64, arm64. */
  readonly architecture: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

const OCI = 'application/vnd.oci.image';
/** The same content is the same file, whoever makes it and when. */
const EPOCH = '1970-01-01T00:00:00Z';

/** Packs a folder as root's, sorted and without times. */
export function packFolder(folder: string, file: string): void {
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  execFileSync('tar', ['-c', '-f', file, ...same, '-C', folder, '.']);
}

/**
 * @param layer a tar file of the root folder
 * @param work a folder that is used, and removed again
 */
export function writeOciArchive(layer: string, config: ImageConfig, file: string, work: string): void {
  rmSync(work, { recursive: true, force: true });
  const blobs = join(work, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, content: Uint8Array) => {
    const hash = digestOf(content);
    writeFileSync(join(blobs, hash), content);
    return { mediaType: `${OCI}.${mediaType}`, digest: `sha256:${hash}`, size: content.length };
  };
  const putJson = (mediaType: string, value: object) =>
    put(`${mediaType}+json`, Buffer.from(JSON.stringify(value)));
  const content = readFileSync(layer);
  const layers = [put('layer.v1.tar+gzip', gzipSync(content, { level: 3 }))];
  const configured = putJson('config.v1', {
    created: EPOCH,
    architecture: config.architecture,
    os: 'linux',
    config: {
      Env: Object.entries(config.environment).map(([name, value]) => `${name}=${value}`),
      Entrypoint: config.entrypoint,
      Cmd: config.command,
      WorkingDir: '/',
      Labels: config.labels,
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digestOf(content)}`] },
    history: [{ created: EPOCH, created_by: 'deploy/image/build.ts' }],
  });
  const schema = { schemaVersion: 2 };
  const manifest = { ...schema, mediaType: `${OCI}.manifest.v1+json`, config: configured, layers };
  const annotations = {
    'org.opencontainers.image.ref.name': config.name,
    // What `ctr images import` calls it.
    'io.containerd.image.name': `docker.io/library/${config.name}`,
  };
  const index = [{ ...putJson('manifest.v1', manifest), annotations }];
  const write = (name: string, value: object) => writeFileSync(join(work, name), JSON.stringify(value));
  write('index.json', { ...schema, mediaType: `${OCI}.index.v1+json`, manifests: index });
  write('oci-layout', { imageLayoutVersion: '1.0.0' });
  packFolder(work, file);
  rmSync(work, { recursive: true });
}

function digestOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
