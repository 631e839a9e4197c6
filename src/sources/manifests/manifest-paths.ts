/** Which files a list of paths means, and reading one of them whole. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { decodeText } from '../../yaml/encoding.ts';

export interface ManifestPaths {
  /** In the order of precedence: as the paths were given, inside a folder by name. */
  readonly files: readonly string[];
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
      }
    } catch (error) {
      if (known.has(path)) lost.set(path, describeFileError(error));
      else folders.add(dirname(path));
    }
  }
  return { files: [...files], lost, folders: [...folders] };
}

const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

async function listFolder(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => !name.startsWith('.') && EXTENSIONS.has(extname(name)))
    .sort()
    .map((name) => join(folder, name));
}

export interface FileText {
  readonly text: string;
  /** Changes whenever the file does; empty while the file is so young that a further change might not show. */
  readonly stamp: string;
}

const READ_ATTEMPTS = 5;
const RETRY_MS = 20;
const FRESH_MS = 100;
/** The stamp of pipes: a second reading would find nothing. */
const READ_ONCE = 'read once';

/**
 * Undefined when there is no such file (any more), `unchanged` when the stamp is still the known one. Fails for any
 * other reason the file can't be read.
 */
export async function readManifest(
  path: string,
  knownStamp = '',
): Promise<FileText | 'unchanged' | undefined> {
  try {
    for (let attempt = 1; ; attempt++) {
      const before = await inspect(path);
      if (before.stamp === knownStamp) return 'unchanged';
      const text = decodeText(await readFile(path));
      if (before.stamp === READ_ONCE) return { text, stamp: READ_ONCE };
      const after = await inspect(path);
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

async function inspect(path: string) {
  const stats = await stat(path, { bigint: true });
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
]);

/** A file-system error in a few words, without the path. */
export function describeFileError(error: unknown): string {
  const code = errorCode(error);
  return REASONS.get(code) ?? (error instanceof Error ? error.message : String(error));
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
