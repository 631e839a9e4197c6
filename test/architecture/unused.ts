/** What nobody asks for: exports that nobody imports, modules that nobody loads. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { definerOf, type Module, ROOT } from './modules.ts';

/** What starts a program or a test run, and names modules without importing them. */
const STARTERS: readonly string[] = ['bin/menwei', 'package.json', 'vitest.config.ts'];

/**
 * Exports that no other module imports, as `path: name`.
 *
 * @param published modules whose exports are for people elsewhere, too
 */
export function unusedExports(modules: readonly Module[], published: readonly string[]): readonly string[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const used = new Set<string>();

  const use = (path: string, name: string): void => {
    if (name === '*') useAll(path);
    const definer = name === '*' ? undefined : definerOf(byPath, path, name);
    if (definer !== undefined) used.add(`${definer.path}: ${name}`);
  };
  const useAll = (path: string): void => {
    const module = byPath.get(path);
    for (const name of module?.exports ?? []) used.add(`${path}: ${name}`);
    for (const { from, original } of module?.passesOn ?? []) use(from, original);
  };

  for (const path of published) useAll(path);
  for (const { imports, passesOn } of modules) {
    for (const { target, names } of imports) {
      // Who only passes a name on does not use it.
      const passed = passesOn.filter(({ from }) => from === target).map(({ original }) => original);
      for (const name of names) if (!passed.includes(name)) use(target, name);
    }
  }
  return modules
    .flatMap(({ path, exports }) => exports.map((name) => `${path}: ${name}`))
    .filter((name) => !used.has(name) && !name.endsWith(': default'));
}

/**
 * Modules that none other imports and nothing starts: no test, program, thread or setup file.
 *
 * @param published modules that people elsewhere may import
 */
export function unusedModules(modules: readonly Module[], published: readonly string[]): readonly string[] {
  const loaded = new Set([
    ...published,
    ...modules.flatMap(({ imports }) => imports.map(({ target }) => target)),
  ]);
  const named = STARTERS.map((path) => readFileSync(join(ROOT, path), 'utf8'));
  for (const module of modules) {
    module.visit({
      Literal: ({ value }) => {
        if (typeof value === 'string' && value.endsWith('.ts')) named.push(value);
      },
    });
  }
  return modules
    .map(({ path }) => path)
    .filter(
      (path) =>
        !loaded.has(path) &&
        !path.endsWith('.test.ts') &&
        !/^(bench|scripts|deploy\/image)\/[^/]+$/.test(path),
    )
    .filter((path) => !named.some((text) => text.includes(basename(path))));
}
