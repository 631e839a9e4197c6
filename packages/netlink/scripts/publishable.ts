/**
 * What is published is JavaScript, since Node.js takes no TypeScript under node_modules; what is worked on is TypeScript.
 *
 * - `publishable.ts prepack` compiles src/ into dist/, and lets `exports` of package.json lead there;
 * - `publishable.ts postpack` lets them lead to src/ again, and removes dist/.
 *
 * npm calls both. Each can be told from the other by what stands in package.json alone: after a `npm pack` that was
 * ended half-way another one, or postpack, sets everything right.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argv } from 'node:process';

const PACKAGE = join(import.meta.dirname, '..');
const MANIFEST = join(PACKAGE, 'package.json');
const COMPILED = join(PACKAGE, 'dist');

/** An entry point: a file of src/, or what it is compiled to. */
type Target = string | { readonly types: string; readonly default: string };

function compiled(target: Target): Target {
  const [, name] = (typeof target === 'string' && /^\.\/src\/(.+)\.ts$/.exec(target)) || [];
  return name === undefined ? target : { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` };
}

function source(target: Target): Target {
  const [, name] = (typeof target !== 'string' && /^\.\/dist\/(.+)\.js$/.exec(target.default)) || [];
  return name === undefined ? target : `./src/${name}.ts`;
}

function rewriteExports(change: (target: Target) => Target): void {
  const before = readFileSync(MANIFEST, 'utf8');
  const manifest: { exports: Readonly<Record<string, Target>> } = JSON.parse(before);
  manifest.exports = Object.fromEntries(
    Object.entries(manifest.exports).map(([name, target]) => [name, change(target)]),
  );
  const after = `${JSON.stringify(manifest, null, 2)}\n`;
  if (after !== before) writeFileSync(MANIFEST, after);
}

const [, , step] = argv;
if (step !== 'prepack' && step !== 'postpack') throw new Error('usage: publishable.ts prepack|postpack');
rmSync(COMPILED, { recursive: true, force: true });
if (step === 'prepack') {
  execFileSync('tsc', ['--project', join(PACKAGE, 'tsconfig.build.json')], { stdio: 'inherit' });
  rewriteExports(compiled);
} else {
  rewriteExports(source);
}
