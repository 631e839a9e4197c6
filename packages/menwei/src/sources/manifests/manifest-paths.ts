/** Which files a list of paths means, and reading one of them whole. */
import { type BigIntStats, constants, type Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { decodePieces, tooLarge } from '@menwei/yaml/encoding.ts';
import { errorCode } from '../../log/error-text.ts';

export interface ManifestPaths {
  /** In the order of precedence: as the paths were given, inside a folder by name. */
  readonly files: readonly string[];
  /** Those of them that were given by name: they may be pipes and the like, for which it is right to wait. */
  readonly named: ReadonlySet<string>;
  /** Folders that could not be listed, with the reason. What was read from them stays in force. */
  readonly lost: ReadonlyMap<string, string>;
  /** Where changes show up: the folders, and those the single files lie in. */
  readonly folders: readonly string[];
}

/** Fails when a path does not exist or can't be looked at: a mistake in the configuration. */
export async function requirePaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      if ((await stat(path)).isDirectory()) await readdir(path);
    } catch (error) {
      throw new Error(`${path}: ${describeFileError(error)}`, { cause: error });
    }
  }
}

/** `known` are the paths that were folders before: gone, they are lost and not an absent file. */
export async function listManifests(
  paths: readonly string[],
  known: ReadonlySet<string> = new Set(),
): Promise<ManifestPaths> {
  const files = new Set<string>();
  const named = new Set<string>();
  const folders = new Set<string>();
  const lost = new Map<string, string>();
  for (const path of paths) {
    try {
      if ((await stat(path)).isDirectory()) {
        folders.add(path);
        for (const file of await listFolder(path)) files.add(file);
      } else {
        folders.add(dirname(path));
        files.add(path);
        named.add(path);
      }
    } catch (error) {
      if (known.has(path)) lost.set(path, describeFileError(error));
      else folders.add(dirname(path));
    }
  }
  return { files: [...files], named, lost, folders: [...folders] };
}

const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

async function listFolder(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => !name.startsWith('.') && EXTENSIONS.has(extname(name)))
    .sort()
    .map((name) => join(folder, name));
}

/** Whether the file would be found by listing the folder, however that is written: `m`, `./m`, `m/`. */
export function liesIn(file: string, folder: string): boolean {
  return join(folder, basename(file)) === file;
}

interface FileText {
  readonly text: string;
  /** Changes whenever the file does; empty while the file is so young that a further change might not show. */
  readonly stamp: string;
}

const READ_ATTEMPTS = 5;
const RETRY_MS = 20;
const FRESH_MS = 100;
/** The stamp of pipes: a second reading would find nothing. */
const READ_ONCE = 'read once';

interface ReadRequest {
  /** The stamp of the last reading. */
  readonly known?: string | undefined;
  /** Given by its name, and not found in a folder. */
  readonly isNamed: boolean;
}

/**
 * Undefined when there is no such file (any more), `unchanged` when the stamp is still the known one. Fails for any
 * other reason the file can't be read.
 */
export async function readManifest(
  path: string,
  { known, isNamed }: ReadRequest,
): Promise<FileText | 'unchanged' | undefined> {
  try {
    for (let attempt = 1; ; attempt++) {
      const found = await stat(path, { bigint: true });
      const before = inspect(found);
      // Before it is opened: opening a device may have effects.
      if (!isNamed) requireFile(found);
      if (before.stamp === known) return 'unchanged';
      const text = await readWhole(path, isNamed);
      if (before.stamp === READ_ONCE) return { text, stamp: READ_ONCE };
      const after = inspect(await stat(path, { bigint: true }));
      // Somebody is writing: half a file must not count for a whole one.
      if (after.stamp === before.stamp || attempt === READ_ATTEMPTS) {
        return { text, stamp: after.isFresh ? '' : after.stamp };
      }
      await delay(RETRY_MS);
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** What lies in a folder is read without waiting for anybody: a pipe there would hold up all others for ever. */
async function readWhole(path: string, isNamed: boolean): Promise<string> {
  const wait = isNamed ? 0 : constants.O_NONBLOCK;
  const handle = await open(path, constants.O_RDONLY | wait);
  try {
    if (!isNamed) requireFile(await handle.stat());
    const stream = handle.createReadStream({ autoClose: false, highWaterMark: CHUNK_BYTES });
    return await decodePieces(stream, LARGEST_BYTES);
  } finally {
    await handle.close();
  }
}

function requireFile(stats: Stats | BigIntStats): void {
  if (!stats.isFile() && !stats.isDirectory()) throw new Error(NO_FILE);
  if (stats.size > LARGEST_BYTES) throw tooLarge(LARGEST_BYTES);
}

const NO_FILE = 'is a pipe, socket or device; only regular files of a folder are read';
/** Several times what the largest clusters need, and far from what this process could not hold. */
const LARGEST_BYTES = 256 * 2 ** 20;
const CHUNK_BYTES = 2 ** 20;

function inspect(stats: BigIntStats) {
  const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = stats;
  return {
    stamp: stats.isFile() ? [dev, ino, size, mtimeNs, ctimeNs].join(' ') : READ_ONCE,
    isFresh: Date.now() - Number(ctimeMs) < FRESH_MS,
  };
}

const REASONS = new Map([
  ['ENOENT', 'no such file or folder'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'is a folder'],
  ['ENXIO', NO_FILE],
  ['ELOOP', 'too many levels of symbolic links'],
]);

/** A file-system error in a few words, without the path. */
export function describeFileError(error: unknown): string {
  const code = errorCode(error);
  return REASONS.get(code) ?? (error instanceof Error ? error.message : String(error));
}
