/**
 * Compiles menwei, all packages of this repository and what they need from elsewhere into a few files of JavaScript. What a
 * command or a mode alone needs is a file of its own, loaded when it is wanted. Only koffi stays outside: it is native.
 */
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { parseSync } from 'rolldown/utils';

const ROOT = join(import.meta.dirname, '..');
/** Files of a checkout that the code finds from where it is itself, and where they are in the published package. */
const PUBLISHED_FILES: ReadonlyMap<string, string> = new Map([
  ['bin/menwei', '../bin/menwei'],
  ['packages/menwei/package.json', '../package.json'],
]);
/** `new URL('./thread.ts', import.meta.url)` */
const OWN_FILE = /new URL\('(\.[^']+)', import\.meta\.url\)/g;

/** What may be loaded by name, from outside of the bundle or by `require`. */
const ENTRIES = {
  main: 'packages/menwei/src/cli/main.ts',
  'kube-proxy': 'packages/menwei/src/cli/kube-proxy.ts',
  trace: 'packages/netlink/src/debug/trace.ts',
} as const;

/**
 * Writes the bundle.
 *
 * @param folder where to, without what is there already
 * @returns the npm packages that went into it, as paths from the root: `node_modules/commander`
 */
export async function bundle(folder: string): Promise<readonly string[]> {
  const build = await rolldown({
    cwd: ROOT,
    input: ENTRIES,
    platform: 'node',
    external: ['koffi'],
    // Whatever could not be resolved would be missing where nobody can mend it.
    onLog: (_level, log) => {
      throw new Error(`bundle: ${log.message}`);
    },
    plugins: [filesOfTheirOwn, builtinsByName, oneByteStrings],
  });
  const { output } = await build.write({
    dir: folder,
    cleanDir: true,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    comments: false,
    // Names stay: a stack trace is to say something.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  });
  await build.close();
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  const packages = modules.flatMap(
    (id) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(relative(ROOT, id)) ?? [],
  );
  return [...new Set(packages)].sort();
}

/** What the code starts as a thread or a process of its own is a file of its own. */
const filesOfTheirOwn: Plugin = {
  name: 'files-of-their-own',
  transform(code, id) {
    if (!code.includes('import.meta.url')) return undefined;
    return code.replaceAll(OWN_FILE, (_, path: string) => {
      const file = join(id, '..', path);
      if (file.endsWith('.ts')) {
        const name = path.replace(/^.*\/|\.ts$/g, '');
        return `new URL(import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'chunk', id: file, name })})`;
      }
      const published = PUBLISHED_FILES.get(relative(ROOT, file));
      if (published === undefined) throw new Error(`${id}: where is ${path} in the published package?`);
      return `new URL('${published}', import.meta.url)`;
    });
  },
};

/**
 * Node reads all that a module of its own exports when `import` names it, and so loads what is behind each: for `node:http` a
 * whole second HTTP client, 9 MB and 40 ms. What is asked for by name is read alone.
 */
const builtinsByName: Plugin = {
  name: 'builtins-by-name',
  renderChunk(code, { fileName }) {
    const { module } = parseSync(fileName, code);
    let changed = code;
    for (const { start, end, moduleRequest, entries } of module.staticImports.toReversed()) {
      if (!isBuiltin(moduleRequest.value)) continue;
      const named = entries.filter(({ importName }) => importName.kind === 'Name');
      const patterns = entries
        .filter((entry) => !named.includes(entry))
        .map(({ localName }) => localName.value);
      if (named.length > 0) {
        const names = named.map(({ importName, localName }) => `${importName.name}: ${localName.value}`);
        patterns.push(`{ ${names.join(', ')} }`);
      }
      const builtin = `process.getBuiltinModule('${moduleRequest.value}')`;
      const instead = patterns.map((pattern) => `const ${pattern} = ${builtin};`).join('');
      changed = changed.slice(0, start) + instead + changed.slice(end);
    }
    return changed;
  },
};

/** A file with a single character beyond Latin-1 takes twice the memory as long as the program runs. */
const oneByteStrings: Plugin = {
  name: 'one-byte-strings',
  generateBundle(_options, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk') continue;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: all that is not ASCII
      file.code = file.code.replaceAll(/[^\x00-\x7f]/g, (unit) => {
        return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
      });
    }
  },
};
