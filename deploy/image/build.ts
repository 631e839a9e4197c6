/**
 * Makes the container image of Menwei without a container engine: from the npm package of `npm run pack`, the Node.js that this
 * checkout brings along, and a few Debian packages. The same input gives the same files, byte for byte.
 *
 *   npm run image [-- --package FILE] [-- --debs FOLDER] [-- --into FOLDER]
 *
 *   --package   the npm package; made first unless given
 *   --debs      a folder with Debian packages (.deb); those that are missing are downloaded there (node_modules/.cache/debian-packages)
 *   --into      where to write (dist/image)
 *
 * Writes `menwei-VERSION.oci.tar`, an OCI image layout, and `rootfs.tar`, from which the Dockerfile beside this file makes
 * the same image. Prints the path of the first.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchPackages, PACKAGES, packageVersions, unpackPackages } from './debian-packages.ts';
import { packFolder, writeOciArchive } from './oci-archive.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
/** Where the package is; its launchers find the rest from where they are. */
const PROGRAM = 'usr/local';
/** What a node mounts, on a root file system that nothing can be made on. */
const MOUNT_POINTS = [
  'dev',
  'etc',
  'proc',
  'run',
  'sys',
  'tmp',
  'usr/lib/modules',
  'var/lib/kube-proxy',
  'var/run',
];
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Documentation, sources, and what builds them. */
const NOT_NEEDED_OF_KOFFI = /\/koffi\/(doc|vendor)$|\.(cc|hh|inc|S|asm)$/;
/** What OCI calls an architecture, by what Node.js calls it. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

interface Options {
  readonly package?: string | undefined;
  readonly debs?: string | undefined;
  readonly into?: string | undefined;
}

/** Returns the path of the archive. */
function build({ package: given, debs = PACKAGES, into = join(REPOSITORY, 'dist/image') }: Options): string {
  if (given !== undefined && !existsSync(given)) throw new Error(`--package: ${given}: no such file`);
  // What it makes must not depend on who makes it.
  process.umask(0o022);
  const target = resolve(into);
  const root = join(target, 'rootfs');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  fetchPackages(resolve(debs));
  unpackPackages(resolve(debs), root);
  installProgram(given ?? pack(join(target, 'package')), root);
  for (const folder of MOUNT_POINTS) mkdirSync(join(root, folder), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
  const layer = join(target, 'rootfs.tar');
  packFolder(root, layer);
  const config = configOf(root);
  const archive = join(target, `${config.name.replace(':', '-')}.oci.tar`);
  writeOciArchive(layer, config, archive, join(target, 'layout'));
  rmSync(root, { recursive: true });
  return archive;
}

function configOf(root: string) {
  const { version, description, license } = manifestOf(join(root, PROGRAM));
  return {
    name: `menwei:${version}`,
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    entrypoint: ['/usr/local/bin/menwei'],
    command: ['run'],
    environment: { PATH },
    labels: {
      'org.opencontainers.image.title': 'menwei',
      'org.opencontainers.image.description': description,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': license,
      'menwei.debian-packages': packageVersions(root).join(' '),
    },
  };
}

function pack(into: string): string {
  const script = join(REPOSITORY, 'scripts/pack.ts');
  return execFileSync(process.execPath, [script, into], { encoding: 'utf8' }).trim();
}

/** As `npm install --global` would, with the versions of this checkout. */
function installProgram(file: string, root: string): void {
  const program = join(root, PROGRAM);
  mkdirSync(program, { recursive: true });
  execFileSync('tar', ['-xzf', file, '--strip-components=1', '-C', program]);
  for (const name of ['koffi', `@koromix/koffi-linux-${process.arch}`]) {
    cpSync(join(REPOSITORY, 'node_modules', name), join(program, 'node_modules', name), {
      recursive: true,
      filter: (path) => !NOT_NEEDED_OF_KOFFI.test(path),
    });
  }
  copyFileSync(process.execPath, join(program, 'bin/node'));
  for (const name of ['node', 'menwei', 'kube-proxy']) chmodSync(join(program, 'bin', name), 0o755);
}

function manifestOf(folder: string): { version: string; description: string; license: string } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function readOptions(): Options {
  const option = { type: 'string' } as const;
  return parseArgs({ options: { package: option, debs: option, into: option } }).values;
}

function fail(error: unknown, status: 1 | 2): never {
  console.error(`image: ${error instanceof Error ? error.message : error}`);
  process.exit(status);
}

let options: Options = {};
try {
  options = readOptions();
} catch (error) {
  fail(error, 2);
}
try {
  process.stdout.write(`${build(options)}\n`);
} catch (error) {
  fail(error, 1);
}
