/** One process at a time has the folder of a store: the kernel gives the lock back when that process ends, however it ends. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreFileError } from './store-file.ts';

const LOCK = 'lock';
const PID = 'lock.pid';
const BUSY = 5;

/** @throws StoreFileError that names the process which has the folder */
export function lockFolder(folder: string): Disposable {
  const lock = new DatabaseSync(join(folder, LOCK));
  try {
    // SQLite locks a file in the way that POSIX gives, which Node has no call for. Nothing is ever written to it.
    lock.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
    writeFileSync(join(folder, PID), `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    lock.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY) {
      throw new StoreFileError(`${folder}: in use by process ${holder(folder)}`);
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreFileError(`${join(folder, LOCK)}: can't lock: ${why}`);
  }
  return { [Symbol.dispose]: () => lock.close() };
}

function holder(folder: string): string {
  try {
    return readFileSync(join(folder, PID), 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
