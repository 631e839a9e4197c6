/** Copies of a store, and looking into one without running it. */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Version } from './draft.ts';
import { selectableFields } from './encoding.ts';
import { isFolderLocked } from './folder-lock.ts';
import { loadStoreFile } from './load.ts';
import {
  createStoreFile,
  damaged,
  explain,
  FILE_NAME,
  findStoreFile,
  putInPlace,
  StoreFileError,
} from './store-file.ts';
import { examineLog } from './write-ahead-log.ts';

/** What clients saw after the backup was made has revisions below this distance, or the cluster has lived for long without one. */
const RESTORE_DISTANCE = 1_000_000;

/**
 * All objects of a store as they are at one moment, whether a process has it open or not; nothing is changed.
 *
 * @throws StoreFileError
 */
export function readStore(folder: string): Version {
  const path = storeFileOf(folder);
  examineIfStopped(folder, path);
  const { objects, lastKnown } = loadStoreFile(path, selectableFields);
  return { objects, revision: lastKnown };
}

/**
 * One consistent file of all objects; also of a store that is in use.
 *
 * @param file must not be there yet
 * @throws StoreFileError
 */
export function backupStore(folder: string, file: string): void {
  const path = storeFileOf(folder);
  if (existsSync(file)) throw new StoreFileError(`${file}: there is a file already`);
  // What can't be read as a whole makes no backup.
  examineIfStopped(folder, path);
  const draft = `${resolve(file)}.new`;
  rmSync(draft, { force: true });
  try {
    // Objects are for the owner alone, here as in the data folder.
    closeSync(openSync(draft, 'wx', 0o600));
    const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    try {
      database.prepare('VACUUM INTO ?').run(draft);
    } finally {
      database.close();
    }
    loadStoreFile(draft, selectableFields);
    putInPlace(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    if (error instanceof StoreFileError) throw new StoreFileError(error.message.replace(draft, path));
    throw new StoreFileError(`${path}: can't be copied to ${file}: ${explain(error)}`);
  }
}

/**
 * Makes the store of a folder from a backup. Revisions go on far beyond those of the backup, and watches do not resume over it.
 *
 * @param folder empty, or not there
 * @throws StoreFileError
 */
export function restoreStore(file: string, folder: string): Version {
  if (!existsSync(file)) throw new StoreFileError(`${file}: there is no such file`);
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new StoreFileError(`${folder}: not empty: a backup is restored into an empty folder only`);
  }
  const saved = loadStoreFile(file, selectableFields);
  const path = join(folder, FILE_NAME);
  const revision = saved.lastKnown + RESTORE_DISTANCE;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    createStoreFile(path, revision, saved.objects.all());
  } catch (error) {
    throw new StoreFileError(`${path}: can't be made from ${file}: ${explain(error)}`);
  }
  return { objects: saved.objects, revision };
}

/** What a process has left behind may be damaged where SQLite says nothing; what one is writing looks so at times. */
function examineIfStopped(folder: string, path: string): void {
  if (isFolderLocked(folder)) return;
  const report = examineLog(`${path}-wal`);
  if (report.state === 'damaged') throw damaged(`${path}-wal`, `at byte ${report.at}`);
}

function storeFileOf(folder: string): string {
  const path = findStoreFile(folder);
  if (path === undefined) throw new StoreFileError(`${join(folder, FILE_NAME)}: there is no such file`);
  return path;
}
