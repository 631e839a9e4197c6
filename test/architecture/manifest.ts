/** What the package.json of a package says of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './modules.ts';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The names of what it depends on, sorted. */
export function dependenciesOf(folder: string) {
  const { name, dependencies = {}, devDependencies = {} } = readManifest(folder);
  return {
    name,
    dependencies: Object.keys(dependencies).sort(),
    devDependencies: Object.keys(devDependencies).sort(),
  };
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
}
