/** The modules of this repository, as a parser reads them: who imports what, and what stands in them. */
import { globSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { parseSync, Visitor, type VisitorObject } from 'rolldown/utils';

export const ROOT = join(import.meta.dirname, '../..');

/** What one module names of another; imports of types count like any other. */
export interface Import {
  /** Path from the root for a module of this repository, `node:fs` for Node's own, else the name of a package. */
  readonly target: string;
  /** What is imported by name; `*` for everything, nothing for an import without names. */
  readonly names: readonly string[];
  readonly onlyTypes: boolean;
}

export interface Module {
  /** From the root: `packages/menwei/src/cli/main.ts`. */
  readonly path: string;
  readonly imports: readonly Import[];
  /** What is written in it for others to import. */
  readonly exports: readonly string[];
  /** What it passes on: by which name, under which one it has it from there; `*` for all that is there. */
  readonly passesOn: readonly { readonly name: string; readonly from: string; readonly original: string }[];
  /** Walks the syntax tree. */
  visit(visitor: VisitorObject): void;
}

export function readModules(): readonly Module[] {
  return globSync('{packages/*/src,test,bench,scripts,deploy}/**/*.ts', { cwd: ROOT }).sort().map(readModule);
}

/** A test, or what a package has for the tests of those who use it. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || /^packages\/[^/]+\/src\/testing\//.test(path);
}

function readModule(path: string): Module {
  const { module, program, errors } = parseSync(path, readFileSync(join(ROOT, path), 'utf8'));
  if (errors.length > 0) throw new Error(`${path}: ${errors.map(({ message }) => message).join('; ')}`);
  const imports: Import[] = [];
  const add = (specifier: string, names: readonly string[], onlyTypes: boolean) =>
    imports.push({ target: resolve(path, specifier), names, onlyTypes });

  for (const { moduleRequest, entries } of module.staticImports) {
    add(
      moduleRequest.value,
      entries.map(({ importName }) => importName.name ?? (importName.kind === 'Default' ? 'default' : '*')),
      entries.length > 0 && entries.every(({ isType }) => isType),
    );
  }
  const exports: string[] = [];
  const passesOn: Module['passesOn'][number][] = [];
  for (const { moduleRequest, importName, exportName, isType } of module.staticExports.flatMap(
    ({ entries }) => entries,
  )) {
    if (moduleRequest === null) {
      exports.push(exportName.name ?? 'default');
      continue;
    }
    const original = importName.name ?? '*';
    add(moduleRequest.value, [original], isType);
    passesOn.push({ name: exportName.name ?? '*', from: resolve(path, moduleRequest.value), original });
  }
  new Visitor({
    TSImportType: ({ source }) => add(source.value, ['*'], true),
    ImportExpression: ({ source }) => {
      if (source.type === 'Literal' && typeof source.value === 'string') add(source.value, ['*'], false);
    },
  }).visit(program);
  return { path, imports, exports, passesOn, visit: (visitor) => new Visitor(visitor).visit(program) };
}

/** By Node's own rules, so what a package's `exports` don't offer is an error. */
function resolve(path: string, specifier: string): string {
  if (isBuiltin(specifier)) return specifier;
  const name = /^(?:@[^/]+\/)?[^./][^/]*/.exec(specifier)?.[0];
  if (name !== undefined && !isOurs(name)) return name;
  return relative(ROOT, createRequire(join(ROOT, path)).resolve(specifier));
}

function isOurs(name: string): boolean {
  return name === 'menwei' || name.startsWith('@menwei/');
}

/** Where it is written what a module exports by this name: an entry point of a package passes on most of what it has. */
export function definerOf(
  byPath: ReadonlyMap<string, Module>,
  path: string,
  name: string,
): Module | undefined {
  const module = byPath.get(path);
  if (module === undefined || name === '*' || module.exports.includes(name)) return module;
  for (const passed of module.passesOn) {
    if (passed.name === name && passed.original === '*') return byPath.get(passed.from);
    if (passed.name !== name && passed.name !== '*') continue;
    const definer = definerOf(byPath, passed.from, passed.name === name ? passed.original : name);
    if (definer !== undefined) return definer;
  }
  return undefined;
}
