/** What of a module can give another answer to the same arguments: the clock, chance, the machine. */
import { definerOf, type Import, type Module } from './modules.ts';

/** Globals that reach the clock, chance or the machine, whatever is done with them. */
const GLOBALS: ReadonlySet<string> = new Set([
  'crypto',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);

/** Of Node's own modules, what only computes or is the same on every machine of a kind. */
const COMPUTES: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': ['createHash', 'hash'],
  'node:net': ['isIP', 'isIPv6'],
  'node:os': ['constants', 'endianness'],
  'node:path': ['dirname', 'join'],
  'node:util': ['getSystemErrorMessage', 'getSystemErrorName', 'isDeepStrictEqual'],
};

/** Libraries that only compute. */
const PURE_LIBRARIES: readonly string[] = ['ipaddr.js', 'valibot', 'yaml'];

/** By path why a module is not pure: pure is what computes, and uses nothing at run time that does more. */
export function findImpure(modules: readonly Module[]): ReadonlyMap<string, string> {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const whys = new Map<string, string | undefined>();

  const whyImpure = (module: Module): string | undefined => {
    if (whys.has(module.path)) return whys.get(module.path);
    whys.set(module.path, undefined);
    const [own] = [...builtins(module), ...globals(module)];
    const why = own ?? module.imports.map(whyImpureImport).find((each) => each !== undefined);
    whys.set(module.path, why);
    return why;
  };
  const whyImpureImport = ({ target, names, onlyTypes }: Import): string | undefined => {
    if (onlyTypes || target.startsWith('node:') || PURE_LIBRARIES.includes(target)) return undefined;
    // Data.
    if (target.endsWith('.json')) return undefined;
    if (!byPath.has(target)) return `${target}, which may do anything`;
    for (const name of names) {
      const definer = definerOf(byPath, target, name);
      if (definer === undefined) throw new Error(`BUG: nothing exports ${name} of ${target}`);
      const why = whyImpure(definer);
      if (why !== undefined) return `${definer.path}: ${why}`;
    }
    return undefined;
  };

  return new Map(
    modules.flatMap((module) => {
      const why = whyImpure(module);
      return why === undefined ? [] : [[module.path, why] as const];
    }),
  );
}

function builtins({ imports }: Module): readonly string[] {
  return imports
    .filter(({ target, onlyTypes }) => target.startsWith('node:') && !onlyTypes)
    .flatMap(({ target, names }) =>
      names.filter((name) => !COMPUTES[target]?.includes(name)).map((name) => `${name} of ${target}`),
    );
}

function globals(module: Module): readonly string[] {
  const found: string[] = [];
  const used = new Map<number, string>();
  /** Where an identifier names a member or a property, which may be called like a global. */
  const members = new Set<number>();
  const member = ({ key, computed }: { key: { start: number }; computed: boolean }) => {
    if (!computed) members.add(key.start);
  };
  module.visit({
    Identifier: ({ name, start }) => {
      if (GLOBALS.has(name)) used.set(start, name);
    },
    MemberExpression: ({ object, property, computed }) => {
      if (computed || object.type !== 'Identifier' || property.type !== 'Identifier') return;
      const name = `${object.name}.${property.name}`;
      if (name === 'Date.now' || name === 'Math.random') found.push(name);
    },
    'MemberExpression:exit': ({ property, computed }) => {
      if (!computed) members.add(property.start);
    },
    Property: ({ key, computed, shorthand }) => member({ key, computed: computed || shorthand }),
    PropertyDefinition: member,
    MethodDefinition: member,
    TSPropertySignature: member,
    TSMethodSignature: member,
    NewExpression: ({ callee, arguments: given }) => {
      if (callee.type === 'Identifier' && callee.name === 'Date' && given.length === 0)
        found.push('new Date()');
    },
  });
  return [...found, ...[...used].filter(([start]) => !members.has(start)).map(([, name]) => name)];
}
