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
    plugins: [filesOfTheirOwn, partOfUndici, builtinsByName, oneByteStrings],
  });
  const { output } = await build.write({
    dir: folder,
    cleanDir: true,
    format: 'es',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    comments: false,
    // As it is written: Node shows the line of an error that nobody expected, and its stack trace is to say something.
    minify: false,
  });
  await build.close();
  const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  const packages = modules.flatMap(
    (id) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(relative(ROOT, id)) ?? [],
  );
  return [...new Set(packages)].sort();
}

/** By their names in the bundle. */
const namedFiles = new Map<string, string>();

/** What the code starts as a thread or a process of its own is a file of its own. */
const filesOfTheirOwn: Plugin = {
  name: 'files-of-their-own',
  transform(code, id) {
    if (!code.includes('import.meta.url')) return undefined;
    return code.replaceAll(OWN_FILE, (_, path: string) => {
      const file = join(id, '..', path);
      if (file.endsWith('.ts')) {
        const name = path.replace(/^.*\/|\.ts$/g, '');
        const other = namedFiles.get(name);
        // The bundler would take one for the other.
        if (other !== undefined && other !== file)
          throw new Error(`${file} and ${other} have one name: ${name}`);
        namedFiles.set(name, file);
        return `new URL(import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'chunk', id: file, name })})`;
      }
      const published = PUBLISHED_FILES.get(relative(ROOT, file));
      if (published === undefined) throw new Error(`${id}: where is ${path} in the published package?`);
      return `new URL('${published}', import.meta.url)`;
    });
  },
};

const UNDICI = '/undici/index.js';
/** What of it is used; all of it loads a browser's fetch, WebSockets, caches and mocks as well: 20 MB of memory. */
const PART_OF_UNDICI = `
const Dispatcher = require('./lib/dispatcher/dispatcher');
const api = require('./lib/api');
const errors = require('./lib/core/errors');
const util = require('./lib/core/util');
const { InvalidArgumentError } = errors;
const { getGlobalDispatcher } = require('./lib/global');
Object.assign(Dispatcher.prototype, api);
exports.Agent = require('./lib/dispatcher/agent');
exports.ProxyAgent = require('./lib/dispatcher/proxy-agent');
exports.errors = errors;
exports.request = makeDispatcher(api.request);
`;
/** Of its file index.js. */
const MAKE_DISPATCHER = /^function makeDispatcher .*?^}$/ms;
/** HTTP/2 is never spoken, and costs as much as all the rest of HTTP. */
const HTTP2 = /require\('node:http2'\)/;

const partOfUndici: Plugin = {
  name: 'part-of-undici',
  transform(code, id) {
    const replaced = (part: RegExp, text: (found: string) => string): string => {
      const found = part.exec(code)?.[0];
      if (found === undefined) throw new Error(`${id}: there is no ${part} any more`);
      return text(found);
    };
    if (id.endsWith(UNDICI)) return replaced(MAKE_DISPATCHER, (found) => `${PART_OF_UNDICI}${found}`);
    if (!id.endsWith('/undici/lib/dispatcher/client-h2.js')) return undefined;
    return replaced(HTTP2, (found) => code.replace(found, '{ constants: {} }'));
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
