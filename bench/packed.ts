/** The npm package as a user has it, for measures of whole processes. */
import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { progress } from './options.ts';

const ROOT = join(import.meta.dirname, '..');

/** What `npm run pack` makes, unpacked, with what npm would install beside it. Returns the path of its launcher. */
export function packed(folder: string): string {
  progress('packing …');
  execFileSync(process.execPath, [join(ROOT, 'scripts/pack.ts'), folder], { stdio: 'ignore' });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'menwei/node_modules'));
  return join(folder, 'menwei/bin/menwei');
}
