/** One process at a time has the folder of a store: the kernel gives the lock back when that process ends, however it ends. */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { explain, isBusy, StoreFileError } from './store-file.ts';

const LOCK = 'lock';
const PID = 'lock.pid';
/** SQLite locks a file in the way that POSIX gives, which Node has no call for. Nothing is ever written to it. */
const TAKE = 'PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE';

/** @throws StoreFileError that names the process which has the folder */
export function lockFolder(folder: string): Disposable {
  const lock = openPrivately(join(folder, LOCK));
  try {
    lock.exec(TAKE);
    writeFileSync(join(folder, PID), `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    lock.close();
    if (isBusy(error)) throw new StoreFileError(`${folder}: in use by process ${holder(folder)}`);
    throw new StoreFileError(`${join(folder, LOCK)}: can't be locked: ${explain(error)}`);
  }
  return { [Symbol.dispose]: () => lock.close() };
}

/** Whether a process has it now. */
export function isFolderLocked(folder: string): boolean {
  const path = join(folder, LOCK);
  if (!existsSync(path)) return false;
  const lock = new DatabaseSync(path);
  try {
    lock.exec(TAKE);
    return false;
  } catch {
    return true;
  } finally {
    lock.close();
  }
}

/** SQLite would let others read a file that it makes, and who can read it can lock it. */
function openPrivately(path: string): DatabaseSync {
  try {
    // Only if need be: whoever closes a file gives back all locks that his process has on it.
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    return new DatabaseSync(path);
  } catch (error) {
    throw new StoreFileError(`${path}: can't be opened: ${explain(error)}`);
  }
}

function holder(folder: string): string {
  try {
    return readFileSync(join(folder, PID), 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
