/** The Debian packages that the image has beside Node.js and Menwei, unpacked without a package manager. */
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The tools that the modes with iptables rules need, and what loads kernel modules. */
const TOOLS = ['iptables', 'kmod'];
/** What those, Node.js and koffi are linked with, and a shell for the launchers. */
const LIBRARIES = [
  'dash',
  'libc6',
  'libgcc-s1',
  'libip4tc2',
  'libip6tc2',
  'libkmod2',
  'liblzma5',
  'libmnl0',
  'libnetfilter-conntrack3',
  'libnfnetlink0',
  'libnftnl11',
  'libssl3',
  'libstdc++6',
  'libxtables12',
  'libzstd1',
];
/** For people and other programs. Licenses stay. */
const NOT_NEEDED = [
  'usr/share/{bash-completion,bug,info,initramfs-tools,lintian,locale,man,menu,python3}',
  'usr/share/doc/*/!(copyright)',
  'usr/lib/*/{audit,gconv}',
  'etc/init.d',
];

/** Where the packages are kept, so that an image is built offline. */
export const PACKAGES = join(import.meta.dirname, '../../node_modules/.cache/debian-packages');

/** Gets the packages in the version that this machine would install. Those that are there already are not asked for. */
export function fetchPackages(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const present = new Set(globSync('*.deb', { cwd: folder }).map((file) => file.replace(/_.*/s, '')));
  const wanted = [...TOOLS, ...LIBRARIES].filter((name) => !present.has(name));
  if (wanted.length === 0) return;
  const apt = (...args: readonly string[]) =>
    // apt's own user could not write here.
    spawnSync('apt-get', ['-qq', '-o', 'Acquire::Retries=3', '-o', 'APT::Sandbox::User=root', ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  let download = apt('download', ...wanted);
  if (download.status !== 0) {
    // The lists of a machine may never have been fetched, or name versions that are gone.
    apt('update');
    download = apt('download', ...wanted);
  }
  if (download.status === 0) return;
  const [reason = 'apt-get is missing'] = download.stderr?.trim().split('\n') ?? [];
  throw new Error(`Debian packages could not be downloaded to ${folder}: ${reason}`);
}

/** Unpacks all packages of a folder. `/var/lib/dpkg/status.d` names them, where scanners look for what an image has. */
export function unpackPackages(folder: string, root: string): void {
  for (const top of ['bin', 'sbin', 'lib', 'lib64']) {
    mkdirSync(join(root, 'usr', top), { recursive: true });
    execFileSync('ln', ['-s', `usr/${top}`, join(root, top)]);
  }
  const status = join(root, 'var/lib/dpkg/status.d');
  mkdirSync(status, { recursive: true });
  for (const file of globSync('*.deb', { cwd: folder }).sort()) {
    const deb = join(folder, file);
    const tree = execFileSync('dpkg-deb', ['--fsys-tarfile', deb], { maxBuffer: 2 ** 30 });
    execFileSync('tar', ['-x', '--keep-directory-symlink', '-C', root], { input: tree });
    writeFileSync(join(status, file.replace(/_.*/s, '')), execFileSync('dpkg-deb', ['-f', deb]));
  }
  for (const path of globSync(NOT_NEEDED, { cwd: root })) {
    rmSync(join(root, path), { recursive: true, force: true });
  }
  linkTools(join(root, 'usr'));
}

/** What the packages' own scripts do. Which variant of iptables is used, Menwei decides on the node. */
function linkTools(usr: string): void {
  const links = new Map([['bin/sh', 'dash']]);
  for (const tool of ['iptables', 'ip6tables'])
    for (const verb of ['', '-save', '-restore']) links.set(`sbin/${tool}${verb}`, 'xtables-nft-multi');
  for (const [path, target] of links) execFileSync('ln', ['-sf', target, join(usr, path)]);
}

/** As `iptables=1.8.9-2`, sorted. */
export function packageVersions(root: string): readonly string[] {
  const status = join(root, 'var/lib/dpkg/status.d');
  return readdirSync(status)
    .sort()
    .map((name) => `${name}=${/^Version: (.*)$/m.exec(readFileSync(join(status, name), 'utf8'))?.[1]}`);
}
