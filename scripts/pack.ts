/**
 * Makes the npm package `menwei` as it is published: menwei-VERSION.tgz, from a folder `menwei` beside it. It holds the
 * compiled program, the launchers `menwei` and `kube-proxy`, and no sources; what npm installs with it is koffi alone.
 *
 *   npm run pack [-- FOLDER]    (dist unless given)
 *
 * Prints the path of the file.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle } from './bundle.ts';

const ROOT = join(import.meta.dirname, '..');
const PROGRAMS = { menwei: 'main', 'kube-proxy': 'kube-proxy' } as const;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
}

/** Fields that are only of use in the checkout are left out. */
function publishedManifest(): object {
  const { name, version, description, license, engines } = readManifest('packages/menwei');
  const { koffi } = readManifest('packages/netlink').dependencies;
  return {
    name,
    version,
    description,
    keywords: ['kubernetes', 'kube-proxy', 'service', 'proxy', 'nftables', 'iptables', 'ipvs'],
    license,
    type: 'module',
    bin: Object.fromEntries(Object.keys(PROGRAMS).map((program) => [program, `bin/${program}`])),
    files: ['bin', 'lib', 'CHANGELOG.md', 'THIRD-PARTY-LICENSES'],
    os: ['linux'],
    engines,
    dependencies: { koffi },
  };
}

/** Says what is wrong in plain words to a Node that can't read the rest. */
function starter(module: string): string {
  return `if (Number.parseInt(process.versions.node, 10) < 24) {
  console.error(\`menwei: Node.js 24 or newer is needed, and this is \${process.version}\`);
  process.exit(1);
}
await import('./${module}.js');
`;
}

/** The licenses of the bundled packages ask to be passed on. */
function thirdPartyLicenses(packages: readonly string[]): string {
  const texts = packages.map((folder) => {
    const { name, version, license } = readManifest(folder);
    const files = globSync('{LICEN[SC]E,license}*', { cwd: join(ROOT, folder) }).sort();
    if (files.length === 0) throw new Error(`pack: ${folder} has no file with its license (${license})`);
    const text = files.map((file) => readFileSync(join(ROOT, folder, file), 'utf8').trim()).join('\n\n');
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

const [, , into = join(ROOT, 'dist')] = process.argv;
const folder = join(resolve(into), 'menwei');
rmSync(folder, { recursive: true, force: true });
const packages = await bundle(join(folder, 'lib'));
mkdirSync(join(folder, 'bin'));
for (const [program, module] of Object.entries(PROGRAMS)) {
  copyFileSync(join(ROOT, 'packages/menwei/launcher'), join(folder, 'bin', program));
  writeFileSync(join(folder, 'lib', `start-${program}.js`), starter(module));
}
copyFileSync(join(ROOT, 'packages/menwei/README.md'), join(folder, 'README.md'));
for (const file of ['LICENSE', 'CHANGELOG.md']) copyFileSync(join(ROOT, file), join(folder, file));
writeFileSync(join(folder, 'THIRD-PARTY-LICENSES'), thirdPartyLicenses(packages));
writeFileSync(join(folder, 'package.json'), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
const pack = ['pack', '--silent', '--offline', '--pack-destination', resolve(into)];
const name = execFileSync('npm', pack, { cwd: folder, encoding: 'utf8' }).trim();
process.stdout.write(`${join(resolve(into), name)}\n`);
