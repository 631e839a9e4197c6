/** Writes the file of a store. What it does takes as long as the disk does: it lives in a thread of its own. */
import { closeSync, fdatasyncSync, openSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { explain, type FileState, isFull, readState, sumOfRow, writeState } from './store-file.ts';

export interface FileRow {
  readonly revision: number;
  readonly key: string;
  /** Undefined for a deletion. */
  readonly value: Uint8Array | undefined;
}

export interface FileBatch {
  readonly rows: readonly FileRow[];
  readonly base: number;
  readonly reserve: number | undefined;
}

export interface WriterOptions {
  readonly path: string;
  /** `normal`: what was written in the last tenth of a second before power is lost may be lost. */
  readonly sync: 'full' | 'normal';
}

interface OpenFile {
  readonly database: DatabaseSync;
  readonly insert: StatementSync;
  state: FileState;
  /** The revision of the last row of the log; that of the snapshot if there is none. */
  last: number;
  /** SQLite's write-ahead log, from the first commit on. */
  log: Inode;
}

/** Which file stands at a path; undefined: not known yet. */
type Inode = bigint | undefined;

interface WriterLimits {
  /** Rows of the log that stay, whatever else is said. */
  readonly minRows: number;
}

const LIMITS: WriterLimits = { minRows: 1_000 };
/** At a time, so that a write has not to wait for long. */
const ROWS_A_STEP = 200;
/** Somebody with a shell of SQLite may be writing, too. */
const BUSY_MS = 500;
/** Probing a full disk with a small write would tell that all is well. */
const PROBE_BYTES = 1024 * 1024;

export class FileWriter {
  readonly #options: WriterOptions;
  readonly #limits: WriterLimits;
  #open: OpenFile | undefined;
  /** Of the batch that failed. */
  #failedBytes = 0;
  #mustSettle = false;
  #mustSync = false;
  /** From the first commit on. */
  #inode: Inode;

  constructor(options: WriterOptions, limits: WriterLimits = LIMITS) {
    this.#options = options;
    this.#limits = limits;
  }

  /** All of the batch is durable, or this throws. */
  write({ rows, base, reserve }: FileBatch): void {
    this.#failedBytes = rows.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    const isNormal = this.#options.sync === 'normal' && reserve === undefined;
    this.#commit(isNormal ? 'NORMAL' : 'FULL', (file) => {
      this.#forgetAfter(file, base);
      let { last } = file;
      for (const { revision, key, value } of rows) {
        file.insert.run(revision, last, key, value ?? null, sumOfRow(revision, key, value));
        last = revision;
      }
      return { last, state: reserve === undefined ? file.state : { ...file.state, reserved: reserve } };
    });
  }

  /** Whether something was written that may not be on the disk yet: then {@link sync} is to be called soon. */
  get mustSync(): boolean {
    return this.#mustSync;
  }

  /** Puts on the disk what was written. If that fails, the next write begins with it. */
  sync(): void {
    this.#mustSync = false;
    try {
      const log = openSync(`${this.#options.path}-wal`, 'r');
      try {
        fdatasyncSync(log);
      } finally {
        closeSync(log);
      }
    } catch {
      this.#mustSettle = true;
      this.#drop();
    }
  }

  /** Throws while what failed before would fail again. */
  probe(base: number): void {
    const { path } = this.#options;
    if (this.#inode !== undefined && inodeAt(path) !== this.#inode) throw this.#failure(gone(path));
    const { bavail, bsize } = statfsSync(dirname(path));
    if (bavail * bsize < PROBE_BYTES + 2 * this.#failedBytes) throw this.#failure('no space left on device');
    this.#commit('FULL', (file) => {
      this.#forgetAfter(file, base);
      writeState(file.database, file.state);
      return { last: base, state: file.state };
    });
  }

  /** Moves the oldest rows of the log, up to a revision, into the snapshot. Returns whether there are more. */
  compact(upTo: number): boolean {
    let isMore = false;
    this.#commit('FULL', (file) => {
      const rows = file.database
        .prepare(
          `SELECT rv, key, value, sum FROM log WHERE rv <= min(?, (SELECT rv FROM log ORDER BY rv DESC LIMIT 1 OFFSET ${this.#limits.minRows}))
           ORDER BY rv LIMIT ${ROWS_A_STEP}`,
        )
        .all(upTo);
      isMore = rows.length === ROWS_A_STEP;
      return { last: file.last, state: rows.length === 0 ? file.state : moveIntoSnapshot(file, rows) };
    });
    return isMore;
  }

  /** Leaves the file so that no revision after this one counts as used. */
  close(revision: number): void {
    try {
      this.#commit('FULL', (file) => {
        if (file.last > revision) throw new Error('BUG: what was not acknowledged is in the file');
        return { last: file.last, state: { ...file.state, reserved: revision } };
      });
    } finally {
      this.#open?.database.close();
      this.#open = undefined;
    }
  }

  /** Opened again after each failure: SQLite's own view of the file may be what is wrong. */
  #commit(
    synchronous: 'FULL' | 'NORMAL',
    change: (file: OpenFile) => Pick<OpenFile, 'last' | 'state'>,
  ): void {
    try {
      this.#open ??= this.#openFile();
      const file = this.#open;
      file.database.exec(`PRAGMA synchronous = ${synchronous}; BEGIN IMMEDIATE`);
      const { last, state } = change(file);
      if (state !== file.state) writeState(file.database, state);
      file.database.exec('COMMIT');
      this.#inode = requireSame(this.#options.path, this.#inode);
      file.log = requireSame(`${this.#options.path}-wal`, file.log);
      file.last = last;
      file.state = state;
      // A full sync is one of all that was written before.
      this.#mustSync = synchronous === 'NORMAL';
    } catch (error) {
      this.#mustSettle ||= !isFull(error);
      this.#drop();
      throw this.#failure(explain(error));
    }
  }

  #failure(why: string): Error {
    return new Error(`can't write ${this.#options.path}: ${why}`);
  }

  #openFile(): OpenFile {
    const { path } = this.#options;
    // SQLite would make a new one.
    if (this.#inode !== undefined) requireSame(path, this.#inode);
    const database = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      database.exec('PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864');
      // What the disk has refused may be in its cache and never reach it; what comes after it in the log would be lost with it.
      if (this.#mustSettle) database.exec('PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)');
      this.#mustSettle = false;
      const state = readState(database, path);
      const row = database.prepare('SELECT max(rv) AS last FROM log').get();
      const insert = database.prepare('INSERT INTO log(rv, prev, key, value, sum) VALUES (?, ?, ?, ?, ?)');
      return { database, insert, state, last: Number(row?.last ?? state.snapshot), log: undefined };
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Rows of a batch that failed, and whose writer was told so, may have come to be all the same. */
  #forgetAfter(file: OpenFile, base: number): void {
    if (file.last === base) return;
    if (file.last < base) throw new Error(`revision ${base} was written, and the file ends at ${file.last}`);
    file.database.prepare('DELETE FROM log WHERE rv > ?').run(base);
    file.last = base;
  }

  #drop(): void {
    try {
      this.#open?.database.close();
    } catch {
      // It is of no use any more.
    }
    this.#open = undefined;
  }
}

/** What is written to a file that has been removed is gone when it is closed, and SQLite does not notice. */
function requireSame(path: string, known: Inode): Inode {
  const found = inodeAt(path);
  if (found === undefined || found !== (known ?? found)) throw new Error(gone(path));
  return found;
}

function inodeAt(path: string): Inode {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

function gone(path: string): string {
  return `${basename(path)} was removed or replaced while it was in use: stop this process, and restore a backup`;
}

function moveIntoSnapshot(file: OpenFile, rows: readonly Readonly<Record<string, unknown>>[]): FileState {
  const { database } = file;
  const find = database.prepare('SELECT sum FROM objects WHERE key = ?');
  const put = database.prepare('INSERT OR REPLACE INTO objects(key, rv, value, sum) VALUES (?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM objects WHERE key = ?');
  let { count, objectsSum, snapshot } = file.state;
  for (const { rv, key, value, sum } of rows) {
    const revision = Number(rv);
    const name = String(key);
    const old = find.get(name);
    if (old !== undefined) {
      count -= 1;
      objectsSum ^= Number(old.sum);
    }
    if (value instanceof Uint8Array) {
      put.run(name, revision, value, Number(sum));
      count += 1;
      objectsSum ^= Number(sum);
    } else if (old !== undefined) remove.run(name);
    snapshot = revision;
  }
  database.prepare('DELETE FROM log WHERE rv <= ?').run(snapshot);
  return { ...file.state, count, objectsSum: objectsSum >>> 0, snapshot };
}
