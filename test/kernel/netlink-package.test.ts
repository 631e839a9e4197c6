/** @menwei/netlink as a stranger gets it: packed, installed in an empty folder, and its examples run there. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createConntrackEntries } from '@menwei/netlink/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '../..');
const MODULES = join(REPOSITORY, 'node_modules');
const PACKAGE = join(REPOSITORY, 'packages/netlink');
const EXAMPLES = readdirSync(join(PACKAGE, 'examples')).filter((name) => name.endsWith('.ts'));

const folder = mkdtempSync(join(tmpdir(), 'netlink-package-'));
/** A copy to pack: others may be using the package at this moment. */
const checkout = join(folder, 'checkout');
const packed = join(checkout, 'packages/netlink');
/** Where it is installed. */
const stranger = join(folder, 'stranger');
const installed = join(stranger, 'node_modules/@menwei/netlink');

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

let files: readonly string[];
let manifest: Manifest;

function run(cwd: string, program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args);
}

function example(name: string): string {
  return run(stranger, process.execPath, `${name}.ts`);
}

beforeAll(() => {
  cpSync(PACKAGE, packed, { recursive: true });
  cpSync(join(REPOSITORY, 'tsconfig.json'), join(checkout, 'tsconfig.json'));
  symlinkSync(MODULES, join(checkout, 'node_modules'));
  const tarball = run(packed, 'npm', 'pack', '--silent', '--offline', '--pack-destination', folder).trim();
  mkdirSync(installed, { recursive: true });
  files = run(folder, 'tar', '-xzvf', tarball, '-C', installed, '--strip-components=1').trim().split('\n');
  manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  // What npm would fetch from its registry.
  for (const name of Object.keys(manifest.dependencies)) {
    symlinkSync(join(MODULES, name), join(stranger, 'node_modules', name));
  }
  writeFileSync(join(stranger, 'package.json'), '{ "type": "module" }');
  for (const name of EXAMPLES) cpSync(join(PACKAGE, 'examples', name), join(stranger, name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('npm pack', () => {
  it('takes what is of use to others, and nothing else', () => {
    const outside = files.filter((file) => !/^package\/dist\/[a-z/-]+\.(js|d\.ts)$/.test(file));
    expect(outside.sort()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'].map((name) => `package/${name}`),
    );
    expect(files.filter((file) => file.includes('.test.'))).toEqual([]);
  });

  it('lets every entry point lead to a file that is there', () => {
    const targets = Object.values(manifest.exports).flatMap((target) => [target.types, target.default]);
    expect(targets.filter((target) => !existsSync(join(installed, target)))).toEqual([]);
    expect(Object.keys(manifest.exports)).toEqual(Object.keys(sourceManifest().exports));
  });

  it('leaves no trace, also when it was ended half-way before', () => {
    const step = (name: string) => run(packed, 'npm', 'run', '--silent', name);
    const before = sourceManifest();
    step('prepack');
    step('prepack');
    expect(packedManifest()).not.toEqual(before);
    step('postpack');
    expect(packedManifest()).toEqual(before);
    expect(existsSync(join(packed, 'dist'))).toBe(false);
  });
});

function sourceManifest(): Manifest {
  return JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
}

function packedManifest(): Manifest {
  return JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8'));
}

describe('the installed package', () => {
  it('has types for what the examples use', () => {
    const options = ['--noEmit', '--strict', '--target', 'esnext', '--module', 'nodenext', '--types', 'node'];
    run(stranger, join(MODULES, '.bin/tsc'), ...options, '--typeRoots', join(MODULES, '@types'), ...EXAMPLES);
  });

  it('lists interfaces and addresses', () => {
    ip('address', 'add', '192.0.2.1/24', 'dev', 'lo');
    expect(example('addresses')).toBe('lo is up: 127.0.0.1/8, 192.0.2.1/24, ::1/128\n');
    ip('address', 'delete', '192.0.2.1/24', 'dev', 'lo');
  });

  it('tells of addresses that come and go', async () => {
    const child = spawn(process.execPath, ['watch-addresses.ts'], { cwd: stranger });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const next = async () => (await lines.next()).value;
    expect(await next()).toBe('watching');
    ip('address', 'add', '192.0.2.7/24', 'dev', 'lo');
    expect(await next()).toBe('192.0.2.7/24 on interface 1: new or changed');
    ip('address', 'delete', '192.0.2.7/24', 'dev', 'lo');
    expect(await next()).toBe('192.0.2.7/24 on interface 1: gone');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('makes an nf_tables table, reads it back and removes it', () => {
    expect(example('nftables').trim().split('\n').sort()).toEqual([
      '192.0.2.1 . 443 : 198.51.100.7 . 8443 with a comment',
      '192.0.2.1 . 80 : 198.51.100.7 . 8080',
    ]);
  });

  it('lists conntrack entries', async () => {
    const at = (ip: string, port: number) => ({ ip, port });
    const [source, destination, replySource] = [
      at('10.0.0.1', 1000),
      at('10.96.0.10', 53),
      at('10.244.0.5', 5353),
    ];
    await createConntrackEntries('IPv4', [{ protocol: 'UDP', source, destination, replySource }]);
    expect(example('conntrack')).toBe(
      'UDP from 10.0.0.1:1000 to 10.96.0.10:53, answered by 10.244.0.5:5353\n1 in all\n',
    );
  });

  it('fills an IP set', () => {
    expect(example('ip-set').trim().split('\n').sort()).toEqual(['192.0.2.1,tcp:80', '192.0.2.2,udp:53']);
  });

  it('says where there is no IPVS', () => {
    // Where there is, its test in the guest kernel runs the example.
    expect(example('ipvs')).toMatch(/^(no IPVS here: .* \(ENOENT\)\n)?$/);
  });

  it('tells what the kernel refuses', () => {
    expect(example('errors')).toBe(
      'change addresses of nowhere: there is no such interface (ENODEV)\nerrno 19; another try may help: no\n',
    );
  });

  it('sends requests of others', () => {
    expect(example('own-request')).toContain('127.0.0.0/8\n127.0.0.1/32\n');
  });

  it('prints what it sends and receives where NETLINK_DEBUG is set', () => {
    const env = { ...process.env, NETLINK_DEBUG: '1' };
    const debugged = spawnSync(process.execPath, ['errors.ts'], { cwd: stranger, env, encoding: 'utf8' });
    expect(debugged.stderr.replaceAll(/port=\d+/g, 'port=…').split('\n')).toEqual([
      '-> RTM_GETLINK flags=REQUEST|ACK seq=1 port=… (52 bytes)',
      '  family=0 index=0 flags=0x0',
      '  IFLA_IFNAME "nowhere"',
      '  IFLA_EXT_MASK 8',
      '<- NLMSG_ERROR flags=CAPPED seq=1 port=… (36 bytes)',
      '  no such device (ENODEV)',
      '',
    ]);
    const silent = spawnSync(process.execPath, ['errors.ts'], { cwd: stranger, encoding: 'utf8' });
    expect([silent.stderr, silent.stdout]).toEqual(['', debugged.stdout]);
  });

  it('plays a kernel', () => {
    expect(example('scripted-kernel')).toBe(
      'KernelError: create dummy interface dummy0: operation not permitted (EPERM): not today\n1 datagram was sent\n',
    );
  });
});
