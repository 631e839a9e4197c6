/** Which room may know which: docs/architecture.md's picture as a table. Data flows one way, and so do imports. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PACKAGES = join(import.meta.dirname, '../packages');

/** Every room may import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  addresses: [],
  log: [],
  yaml: [],
  netlink: [],
  netfilter: ['addresses', 'netlink'],
  kernel: ['addresses', 'netlink'],
  kubernetes: ['addresses', 'log', 'yaml'],
  state: ['addresses', 'kubernetes/objects.ts'],
  services: ['addresses', 'kubernetes/objects.ts', 'state'],
  sources: ['addresses', 'kubernetes', 'log', 'state', 'yaml'],
  config: ['addresses', 'services/node-view.ts', 'yaml'],
  relay: ['addresses', 'kernel', 'netfilter', 'netlink', 'log'],
  backends: [
    'addresses',
    'config/settings.ts',
    'kernel',
    'netfilter',
    'netlink',
    'kubernetes/objects.ts',
    'log',
    'relay',
    'services',
    'state',
  ],
  conntrack: [
    'addresses',
    'config/settings.ts',
    'kernel',
    'netfilter',
    'netlink',
    'kubernetes/objects.ts',
    'log',
    'services',
    'state',
  ],
  health: ['addresses', 'config/settings.ts', 'kubernetes/objects.ts', 'log', 'state'],
  metrics: ['addresses', 'config/settings.ts', 'health/http-listener.ts', 'log', 'relay/pool.ts', 'state'],
  proxy: [
    'addresses',
    'backends/backend.ts',
    'config',
    'conntrack',
    'health',
    'kubernetes/objects.ts',
    'log',
    'metrics',
    'services',
    'state',
    'sources/source.ts',
  ],
  lab: ['addresses', 'kernel', 'netfilter', 'netlink', 'yaml'],
  setup: [
    'addresses',
    'backends',
    'config',
    'kernel',
    'kubernetes',
    'log',
    'netlink',
    'proxy/node-state.ts',
    'relay',
    'sources',
  ],
  status: [
    'addresses',
    'config/settings.ts',
    'log',
    'proxy/service-port-status.ts',
    'services',
    'setup',
    'state',
  ],
  agent: [
    'addresses',
    'backends',
    'config',
    'conntrack',
    'health',
    'kernel',
    'log',
    'metrics',
    'netlink',
    'proxy',
    'services',
    'state',
    'setup',
    'state',
    'status',
  ],
  inspect: [
    'addresses',
    'backends',
    'config',
    'kernel',
    'kubernetes',
    'log',
    'proxy',
    'services',
    'state',
    'setup',
    'sources',
  ],
  cli: [
    'addresses',
    'agent',
    'config',
    'inspect',
    'kernel',
    'kubernetes',
    'lab',
    'setup',
    'sources',
    'status',
  ],
  testing: [
    'addresses',
    'backends',
    'config',
    'conntrack',
    'kernel',
    'kubernetes',
    'log',
    'netfilter',
    'netlink',
    'proxy',
    'relay',
    'services',
    'state',
    'yaml',
  ],
};

/** Rooms and files without I/O, clock and randomness: the same arguments always give the same answer. */
const PURE =
  /^(addresses\/|state\/|services\/|conntrack\/(frontends|suspects|stale-flows)\.ts$|netfilter\/|backends\/[^/]+\/(?!(backend|kernel(-\w+)?|start|watch)\.ts$))/;
const IMPURE =
  /\bDate\.now\(|\bMath\.random\(|\bperformance\.now\(|\bprocess\.\w|\bset(Timeout|Interval|Immediate)\(/;
const PURE_BUILTINS: readonly string[] = ['node:crypto', 'node:util'];

/** Native code enters by one door. */
const FFI_DOOR = 'netlink/ffi.ts';
/** So do YAML and JSON, since all users of them go by the same rules (docs/yaml.md). */
const YAML_DOOR = 'yaml/documents.ts';

const NETLINK_EXPORTS: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(PACKAGES, 'netlink/package.json'), 'utf8'),
).exports;

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = globSync('*/src/**/*.ts', { cwd: PACKAGES })
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => {
    const text = readFileSync(join(PACKAGES, path), 'utf8');
    const specifiers = text.matchAll(/(?:from|import\(|import) ?'([^']+)'/g);
    return {
      path: shorten(path),
      text,
      imports: Array.from(specifiers, ([, specifier = '']) => resolve(path, specifier)),
    };
  });
const paths = new Set(files.map(({ path }) => path));

/** A package by its name, but of the product what is in it: `netlink/address.ts`, `services/claims.ts`. */
function shorten(path: string): string {
  return path.replace('/src/', '/').replace(/^menwei\//, '');
}

function resolve(path: string, specifier: string): string {
  if (specifier.startsWith('.')) return shorten(join(dirname(path), specifier));
  if (specifier.startsWith('@menwei/netlink')) return entryPoint(specifier);
  return specifier.replace(/^(?:@menwei|menwei)\//, '');
}

/** The file behind a name in a package's `exports`. */
function entryPoint(specifier: string): string {
  const file = NETLINK_EXPORTS[specifier.replace('@menwei/netlink', '.')];
  return file === undefined ? specifier : shorten(join('netlink', file));
}

function room(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

describe('architecture', () => {
  it('has a row for every room', () => {
    expect(Object.keys(MAY_IMPORT).sort()).toEqual([...new Set(files.map((file) => room(file.path)))].sort());
  });

  it.each(Object.entries(MAY_IMPORT))('%s imports only what it may', (name, allowed) => {
    const foreign = files
      .filter((file) => room(file.path) === name)
      .flatMap((file) => file.imports.map((target) => ({ path: file.path, target })))
      .filter(({ target }) => paths.has(target))
      .filter(
        ({ target }) => room(target) !== name && !allowed.includes(room(target)) && !allowed.includes(target),
      );
    expect(foreign).toEqual([]);
  });

  it('keeps I/O, clock and randomness out of what is pure', () => {
    const impure = files
      .filter((file) => PURE.test(file.path))
      .filter(
        (file) =>
          IMPURE.test(file.text) ||
          file.imports.some((target) => target.startsWith('node:') && !PURE_BUILTINS.includes(target)),
      );
    expect(impure.map((file) => file.path)).toEqual([]);
  });

  it('lets native code in by one door only', () => {
    const users = files.filter((file) => file.imports.includes('koffi')).map((file) => file.path);
    expect(users).toEqual([FFI_DOOR]);
  });

  it('lets text that people write in by one door only', () => {
    const users = files.filter((file) => /\bparse\w*\b[^;]* from 'yaml'/.test(file.text));
    expect(users.map((file) => file.path)).toEqual([YAML_DOOR]);
  });

  it('takes only types from the official Kubernetes client', () => {
    const users = files.filter((file) => /import (?!type)[^;]*@kubernetes\/client-node/.test(file.text));
    expect(users.map((file) => file.path)).toEqual([]);
  });
});
