/** News of one file, however it changes: in place, by another file in its place, by a symbolic link on the way to it. */
import { lstat, readlink, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { formatErrorChain } from '../log/error-text.ts';
import { pause, untilAborted } from '../scheduling/pause.ts';
import { FolderWatcher } from '../sources/manifests/folder-watcher.ts';

/** Network file systems tell of nothing. */
const POLL_MS = 5_000;
/** Who writes a file piece by piece pauses no longer than this, so what stays the same so long is whole. */
const SETTLED_MS = 200;
/** More links than the kernel itself follows. */
const MOST_LINKS = 40;

/** What the file holds, or why it can't be read, in a line. */
export type FileNews = { readonly text: string } | { readonly error: string };

interface ConfigFileWatchOptions {
  readonly path: string;
  /** Rejects with one line for the user. */
  readonly read: (path: string) => Promise<string>;
  /** How often it is looked at even if nothing was heard; 5 s unless given. */
  readonly pollMs?: number;
  /** How long it must stay the same to be whole; 0.2 s unless given. */
  readonly settledMs?: number;
}

/**
 * Calls `news` with what is new compared with `known`, and then with each change, until the signal fires. A file that is
 * being written is waited for; one that was touched without a change is no news. A pipe, which can be read but once, has none.
 * Rejects with what `news` throws.
 */
export async function watchConfigFile(
  { path, read, pollMs = POLL_MS, settledMs = SETTLED_MS }: ConfigFileWatchOptions,
  known: string,
  news: (news: FileNews) => void,
  signal: AbortSignal,
): Promise<void> {
  if (await isPipe(path)) return untilAborted(signal);
  // What can't be watched is found by polling.
  const watcher = new FolderWatcher(() => undefined);
  const look = () => readNews(path, read);
  let last: FileNews = { text: known };
  try {
    while (!signal.aborted) {
      await watcher.follow(await foldersOf(path));
      let found = await look();
      while (!isSame(found, last) && !signal.aborted) {
        await pause(settledMs, signal);
        const before = found;
        found = await look();
        if (signal.aborted || !isSame(found, before)) continue;
        if (!isSame(found, last)) news(found);
        last = found;
      }
      await watcher.next(pollMs, signal);
    }
  } finally {
    watcher.close();
  }
}

async function readNews(path: string, read: (path: string) => Promise<string>): Promise<FileNews> {
  try {
    // It may never end.
    if (await isPipe(path)) return { error: `${path}: is a pipe, socket or device now` };
    return { text: await read(path) };
  } catch (error) {
    return { error: formatErrorChain(error) };
  }
}

/** Or a device: as `--config <(command)` and `--config /dev/stdin` have it. */
async function isPipe(path: string): Promise<boolean> {
  try {
    const found = await stat(path);
    return !found.isFile() && !found.isDirectory();
  } catch {
    return false;
  }
}

function isSame(a: FileNews, b: FileNews): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Those that a change of the file, or of a link that leads to it, shows up in. */
async function foldersOf(path: string): Promise<readonly string[]> {
  const folders = new Set<string>();
  let file = resolve(path);
  for (let links = 0; links < MOST_LINKS; links++) {
    folders.add(dirname(file));
    const target = await targetOf(file);
    if (target === undefined) break;
    file = resolve(dirname(file), target);
  }
  return [...folders];
}

/** Undefined: it is no link, or not there. */
async function targetOf(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch {
    return undefined;
  }
}
