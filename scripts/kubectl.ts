/**
 * The kubectls that the cluster is tried with, one a Debian release: they ask for different things (protobuf, discovery, schemas,
 * watches), so that each finds other faults. `node scripts/kubectl.ts` gets them; from then on nothing needs the network.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface KubectlSource {
  readonly version: string;
  readonly suite: string;
  readonly packageName: string;
  /** The tests need it; the others are tried where they can be had. */
  readonly isRequired: boolean;
}

export const KUBECTLS: readonly KubectlSource[] = [
  { version: '1.20', suite: 'bookworm', packageName: 'kubernetes-client', isRequired: true },
  { version: '1.32', suite: 'trixie', packageName: 'kubectl', isRequired: false },
  { version: '1.36', suite: 'forky', packageName: 'kubectl', isRequired: false },
];

const FOLDER = join(import.meta.dirname, '../node_modules/.cache/kubectl');

/** Undefined if it could not be had. */
export function findKubectl(version: string): string | undefined {
  const path = join(FOLDER, `kubectl-${version}`);
  return existsSync(path) ? path : undefined;
}

/** @throws Error in a line: what could not be had, and why */
function fetchKubectl({ version, suite, packageName }: KubectlSource): void {
  const work = mkdtempSync(join(tmpdir(), 'menwei-kubectl-'));
  try {
    mkdirSync(join(work, 'lists/partial'), { recursive: true });
    mkdirSync(join(work, 'cache/archives/partial'), { recursive: true });
    const sources = join(work, 'sources.list');
    writeFileSync(sources, `deb ${mirror()} ${suite} main\n`);
    const apt = (...args: readonly string[]) => {
      const options = [
        `Dir::Etc::sourcelist=${sources}`,
        'Dir::Etc::sourceparts=/dev/null',
        `Dir::State::Lists=${join(work, 'lists')}`,
        `Dir::Cache=${join(work, 'cache')}`,
        'Acquire::Languages=none',
        'Acquire::Retries=3',
        // apt's own user could not write here.
        'APT::Sandbox::User=root',
      ].flatMap((option) => ['-o', option]);
      const { status, stderr } = spawnSync('apt-get', ['-qq', ...options, ...args], {
        cwd: work,
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(stderr?.trim().split('\n').at(-1) || 'apt-get is missing');
    };
    apt('update');
    apt('download', `${packageName}/${suite}`);
    const [deb = ''] = globSync('*.deb', { cwd: work });
    execFileSync('dpkg-deb', ['-x', join(work, deb), join(work, 'root')]);
    mkdirSync(FOLDER, { recursive: true });
    copyFileSync(join(work, 'root/usr/bin/kubectl'), join(FOLDER, `kubectl-${version}`));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Where this machine gets its Debian packages. */
function mirror(): string {
  const format = '$(SITE) $(COMPONENT) $(RELEASE)';
  const targets = execFileSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const sites = targets
    .split('\n')
    .map((line) => line.split(' '))
    .filter(
      ([, component, release = '']) => component === 'main' && !/security|updates|backports/.test(release),
    )
    .map(([site = '']) => site);
  const [site] = sites;
  if (site === undefined) throw new Error('apt knows no mirror of Debian');
  return site;
}

if (import.meta.main) {
  for (const source of KUBECTLS) {
    if (findKubectl(source.version) !== undefined) continue;
    try {
      fetchKubectl(source);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      console.error(`setup: kubectl ${source.version} of Debian ${source.suite}: ${reason}`);
      if (source.isRequired) process.exitCode = 1;
    }
  }
}
