/**
 * The tables of docs/architecture.md are the rule, and this compares the code with them: which package and which folder
 * imports which, and what is pure. Data flows one way, and so do imports.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { MODE_NAMES } from 'menwei/config/settings.ts';
import { describe, expect, it } from 'vitest';
import { circles } from './architecture/circles.ts';
import { fileOf, PRODUCT, ROOMS, type Room, roomOf, wrongPaths } from './architecture/document.ts';
import { findImpure } from './architecture/impure.ts';
import { dependenciesOf, readManifest } from './architecture/manifest.ts';
import { isTest, type Module, ROOT, readModules } from './architecture/modules.ts';
import { unusedExports, unusedModules } from './architecture/unused.ts';

/** Native code is called in one place. */
const FFI = 'packages/netlink/src/ffi.ts';
/** Loads a module of its own package, and only where it is wanted. */
const DEBUG_SWITCH = 'packages/netlink/src/debug/switch.ts';
const NETLINK = 'packages/netlink/src/';
const NETLINK_FAMILIES: readonly string[] = readdirSync(join(ROOT, NETLINK, 'families'));
/** The dependencies that nothing imports: tools, and what tells the type checker of Node. */
const TOOLS: readonly string[] = [
  // Holds the helm that test/deploy runs.
  '@aws-cdk/asset-kubectl-v20',
  '@biomejs/biome',
  '@types/dns-packet',
  '@types/node',
  'node',
  'typescript',
];

const modules = readModules();
const byPath = new Map(modules.map((module) => [module.path, module]));
const whyImpure = findImpure(modules);
/** What is shipped, and what the tests of all packages share. */
const inRooms = modules.filter(({ path }) => path.startsWith('packages/') && !isTest(path));

/** What these offer is for people elsewhere, too. */
const PUBLISHED: readonly string[] = ['packages/netlink'];

/** Of the packages. */
const folders = [...new Set(inRooms.map(({ path }) => path.split('/').slice(0, 2).join('/')))];

describe('the tables in docs/architecture.md', () => {
  it('have a row for every package and every folder of the product', () => {
    const without = inRooms.filter(({ path }) => {
      const room = roomOf(path);
      return room === undefined || room.folder === PRODUCT;
    });
    expect(paths(without)).toEqual([]);
  });

  it.each(ROOMS)('say what $name imports, no less', (room) => {
    const foreign = importsOf(room).filter(
      ({ target }) => !room.mayImport.some((name) => covers(name, target)),
    );
    const byTarget = Map.groupBy(foreign, ({ target }) => roomOf(target)?.name);
    const told = Array.from(byTarget, ([name, [first, ...others]]) => {
      return `${name}: ${first?.path} imports ${first?.target}, and ${others.length} others`;
    });
    expect(told).toEqual([]);
  });

  it.each(ROOMS)('say what $name imports, no more', (room) => {
    const targets = importsOf(room).map(({ target }) => target);
    expect(room.mayImport.filter((name) => !targets.some((target) => covers(name, target)))).toEqual([]);
  });

  it.each(ROOMS)('have $name below all that it imports', (room) => {
    const above = ROOMS.slice(0, ROOMS.indexOf(room));
    const below = room.mayImport.filter((name) => !above.some((other) => isIn(name, other)));
    expect(below).toEqual([]);
  });
});

it('docs/architecture.md names files and folders that there are', () => {
  expect(wrongPaths()).toEqual([]);
});

describe('the modules', () => {
  it('hide what is private from everybody, not only from the type checker', () => {
    expect(modules.filter(hasHalfHidden).map(({ path }) => path)).toEqual([]);
  });

  it('import each other in no circle, types included', () => {
    const graph = modules.map(
      ({ path, imports }) => [path, new Set(imports.map(({ target }) => target))] as const,
    );
    expect(circles(new Map(graph))).toEqual([]);
  });

  it('never take test equipment into the product', () => {
    const users = inRooms.filter(
      ({ path, imports }) =>
        !path.startsWith('packages/testing/') &&
        imports.some(
          ({ target }) =>
            target.startsWith('packages/testing/') || isTest(target) || target.startsWith('test/'),
        ),
    );
    expect(paths(users)).toEqual([]);
  });

  it.each(ROOMS.filter(({ impure }) => impure !== undefined))(
    'of $name are pure where it says so',
    (room) => {
      const impure = modulesOf(room).filter(({ path }) => whyImpure.has(path));
      const exceptions = (room.impure ?? []).map((pattern) => `${room.folder}${pattern}`);
      const unexpected = impure.filter(
        ({ path }) => !exceptions.some((pattern) => matchesGlob(path, pattern)),
      );
      expect(unexpected.map(({ path }) => `${path}: ${whyImpure.get(path)}`)).toEqual([]);
      const needless = exceptions.filter((pattern) => !impure.some(({ path }) => matchesGlob(path, pattern)));
      expect(needless).toEqual([]);
    },
  );

  it.each<[what: string, folder: string, names: readonly string[]]>([
    ['mode', `${PRODUCT}backends/`, MODE_NAMES],
    ['netlink family', `${NETLINK}families/`, NETLINK_FAMILIES],
  ])('of a %s know no other one', (_, folder, names) => {
    const nameOf = (path: string) => names.find((name) => path.startsWith(`${folder}${name}/`));
    const foreign = inRooms.flatMap(({ path, imports }) => {
      const own = nameOf(path);
      const others = imports
        .map(({ target }) => nameOf(target))
        .filter((name) => name !== undefined && name !== own);
      return own === undefined ? [] : others.map((name) => `${path} imports of ${name}`);
    });
    expect(foreign).toEqual([]);
  });

  it('of the netlink library that all families stand on know none of them', () => {
    const users = inRooms.filter(
      ({ path, imports }) =>
        matchesGlob(path, `${NETLINK}*.ts`) &&
        imports.some(({ target }) => target.startsWith(`${NETLINK}families/`)),
    );
    expect(paths(users)).toEqual([]);
  });

  it.each<[what: string, target: string, name: RegExp, places: readonly string[]]>([
    ['native code', 'koffi', /./, [FFI]],
    ['modules loaded while it runs', 'node:module', /./, [DEBUG_SWITCH, FFI]],
    // All users of YAML and JSON go by the same rules (docs/yaml.md).
    ['YAML read', 'yaml', /^(parse|\*)/, ['packages/yaml/src/documents.ts']],
    ['error numbers in words', 'node:util', /^getSystemErrorMessage$/, ['packages/netlink/src/errno.ts']],
    ['lines out of bytes', 'node:string_decoder', /./, ['packages/kernel/src/line-splitter.ts']],
  ])('have one place for %s', (_, target, name, places) => {
    const users = inRooms.filter(({ imports }) =>
      imports.some((each) => each.target === target && each.names.some((one) => name.test(one))),
    );
    expect(paths(users)).toEqual(places);
  });

  it('of the product and of the netlink library give way to the event loop in one place each', () => {
    const users = inRooms.filter(
      ({ path, imports }) =>
        !path.startsWith('packages/testing/') &&
        imports.some(
          ({ target, names }) => target.startsWith('node:timers') && names.includes('setImmediate'),
        ),
    );
    expect(paths(users)).toEqual([`${PRODUCT}scheduling/event-loop.ts`, `${NETLINK}event-loop.ts`]);
  });

  it('take only types from the official Kubernetes client, but to check fields with and to be one in tests', () => {
    const users = modules.filter(({ imports }) =>
      imports.some(({ target, onlyTypes }) => target === '@kubernetes/client-node' && !onlyTypes),
    );
    expect(paths(users)).toEqual([
      'test/cluster/informers.test.ts',
      'test/cluster/schema-table.test.ts',
      'test/deploy/known-fields.ts',
    ]);
  });
});

describe('code that nobody calls', () => {
  const published = PUBLISHED.flatMap((folder) =>
    Object.values(readManifest(folder).exports).map((path) => join(folder, path)),
  );

  it('is not exported', () => {
    expect(unusedExports(modules, published)).toEqual([]);
  });

  it('is no module', () => {
    expect(unusedModules(modules, published)).toEqual([]);
  });
});

describe('the exports of packages', () => {
  it.each(folders)('of %s are what others import', (folder) => {
    const offered = Object.values(readManifest(folder).exports).map((path) => join(folder, path));
    const used = new Set(
      modules
        .filter(({ path }) => !path.startsWith(`${folder}/`))
        .flatMap(({ imports }) => imports.map(({ target }) => target)),
    );
    const unused = offered.filter((path) => !path.includes('*') && !used.has(path));
    expect(PUBLISHED.includes(folder) ? [] : unused).toEqual([]);
  });
});

describe('the dependencies', () => {
  const root = dependenciesOf('.');

  it.each(folders)('of %s are what it imports', (folder) => {
    const { name, dependencies, devDependencies } = dependenciesOf(folder);
    const own = modules.filter(({ path }) => path.startsWith(`${folder}/`));
    const shipped = own.filter(({ path }) => !isTest(path));
    const needed = packagesIn(shipped, true).filter((other) => other !== name);
    const imported = packagesIn(own, false).filter((other) => other !== name);
    expect(needed.filter((other) => !dependencies.includes(other))).toEqual([]);
    expect(dependencies.filter((other) => !packagesIn(shipped, false).includes(other))).toEqual([]);
    const forTests = imported.filter(
      (other) => !dependencies.includes(other) && !root.devDependencies.includes(other),
    );
    expect(devDependencies).toEqual(forTests);
  });

  it('of the workspace are what its tests, benchmarks and scripts import, and the tools', () => {
    const outside = modules.filter(({ path }) => !path.startsWith('packages/'));
    const shared = folders.flatMap((folder) => {
      const { dependencies, devDependencies } = dependenciesOf(folder);
      const tests = modules.filter(({ path }) => path.startsWith(`${folder}/`) && isTest(path));
      return packagesIn(tests, false).filter((name) => ![...dependencies, ...devDependencies].includes(name));
    });
    const imported = [...packagesIn(outside, false), ...shared].filter((name) => !isOurs(name));
    expect(root.devDependencies).toEqual([...new Set([...imported, ...TOOLS])].sort());
  });

  it('are locked', () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    for (const folder of ['.', ...folders]) {
      const { dependencies, devDependencies } = readManifest(folder);
      const locked = lock.packages[folder === '.' ? '' : folder];
      expect({ dependencies: locked.dependencies, devDependencies: locked.devDependencies }, folder).toEqual({
        dependencies,
        devDependencies,
      });
    }
  });
});

function paths(some: readonly Module[]): readonly string[] {
  return some.map(({ path }) => path);
}

function modulesOf(room: Room): readonly Module[] {
  return inRooms.filter(({ path }) => roomOf(path) === room);
}

/** Imports of other rooms. */
function importsOf(room: Room): readonly { readonly path: string; readonly target: string }[] {
  return modulesOf(room)
    .flatMap(({ path, imports }) => imports.map(({ target }) => ({ path, target })))
    .filter(({ target }) => target.startsWith('packages/') && roomOf(target) !== room);
}

/** Whether the name, of a room or of a file, stands for this file. */
function covers(name: string, target: string): boolean {
  return roomOf(target)?.name === name || target === fileOf(name);
}

function isIn(name: string, room: Room): boolean {
  return room.name === name || roomOf(fileOf(name) ?? '') === room;
}

/** Constructors have no other way. */
function hasHalfHidden(module: Module): boolean {
  let found = false;
  const look = ({ accessibility }: { readonly accessibility?: string | null | undefined }) => {
    if (typeof accessibility === 'string') found = true;
  };
  module.visit({
    PropertyDefinition: look,
    MethodDefinition: (method) => {
      if (method.kind !== 'constructor') look(method);
    },
  });
  return found;
}

/** The packages that are imported, ours among them; not those of which only types are, unless asked for. */
function packagesIn(some: readonly Module[], onlyAtRunTime: boolean): readonly string[] {
  const found = new Set<string>();
  for (const { target, onlyTypes } of some.flatMap(({ imports }) => imports)) {
    if (onlyAtRunTime && onlyTypes) continue;
    const [ours] = /^packages\/[^/]+/.exec(target) ?? [];
    if (ours !== undefined) found.add(dependenciesOf(ours).name);
    else if (!target.startsWith('node:') && !byPath.has(target)) found.add(target);
  }
  return [...found].sort();
}

function isOurs(name: string): boolean {
  return name === 'menwei' || name.startsWith('@menwei/');
}
