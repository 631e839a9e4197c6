/**
 * The file of a store: an SQLite database. `objects` holds all objects as they were at one revision (`state.snapshot`), `log` what
 * was written since, so that a write is one row, and what an object was before each write can be told.
 *
 * SQLite knows when a page can't be right, and takes a wrong byte in a value for the value. So every row has a checksum, `state`
 * has one over all objects, and each row of the log names the one before it.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { keyOf } from './objects.ts';
import type { StoredObject } from './store.ts';

export const FILE_NAME = 'store.sqlite';
/** `PRAGMA user_version`. */
export const FORMAT = 1;

const TABLES = `
  CREATE TABLE state(
    id INTEGER PRIMARY KEY CHECK (id = 1),
    snapshot INTEGER NOT NULL,
    count INTEGER NOT NULL,
    objects_sum INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    sum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE objects(key TEXT PRIMARY KEY, rv INTEGER NOT NULL, value BLOB NOT NULL, sum INTEGER NOT NULL) STRICT;
  CREATE TABLE log(rv INTEGER PRIMARY KEY, prev INTEGER NOT NULL, key TEXT NOT NULL, value BLOB, sum INTEGER NOT NULL) STRICT;
`;

/** What is wrong with a file, in words for who runs the program. */
export class StoreFileError extends Error {
  override readonly name: string = 'StoreFileError';
}

/** It is not as it was written. */
export class DamagedFileError extends StoreFileError {}

/** @param what may have bytes of the file in it */
export function damaged(path: string, what: string): DamagedFileError {
  return new DamagedFileError(`${path}: damaged: ${what.replaceAll(/[^ -~]/g, '?')}`);
}

/** The one row of `state`. */
export interface FileState {
  /** The revision at which `objects` is right. */
  readonly snapshot: number;
  /** Of `objects`. */
  readonly count: number;
  /** The checksums of all `objects`, by exclusive or. */
  readonly objectsSum: number;
  /** Revisions up to this one may have been used. */
  readonly reserved: number;
}

/** @param value undefined for a deletion */
export function sumOfRow(revision: number, key: string, value: Uint8Array | undefined): number {
  const head = crc32(`${revision} ${key} ${value === undefined ? 'deleted' : value.length}\n`);
  return value === undefined ? head : crc32(value, head);
}

export function writeState(database: DatabaseSync, state: FileState): void {
  const { snapshot, count, objectsSum, reserved } = state;
  database
    .prepare(
      'INSERT OR REPLACE INTO state(id, snapshot, count, objects_sum, reserved, sum) VALUES (1, ?, ?, ?, ?, ?)',
    )
    .run(snapshot, count, objectsSum, reserved, sumOfState(state));
}

/** @throws StoreFileError */
export function readState(database: DatabaseSync, path: string): FileState {
  const row = database.prepare('SELECT snapshot, count, objects_sum, reserved, sum FROM state').get();
  if (row === undefined) throw damaged(path, 'table state is empty');
  const state: FileState = {
    snapshot: Number(row.snapshot),
    count: Number(row.count),
    objectsSum: Number(row.objects_sum),
    reserved: Number(row.reserved),
  };
  if (sumOfState(state) !== row.sum) throw damaged(path, 'the checksum of table state is wrong');
  return state;
}

function sumOfState({ snapshot, count, objectsSum, reserved }: FileState): number {
  return crc32(`${snapshot} ${count} ${objectsSum} ${reserved}`);
}

/**
 * The file is there as a whole or not at all.
 *
 * @param revision at which the store begins
 * @param objects what is in it then
 */
export function createStoreFile(path: string, revision: number, objects: Iterable<StoredObject> = []): void {
  const draft = `${path}.new`;
  removeFile(draft);
  try {
    writeFile(draft, revision, objects);
  } catch (error) {
    removeFile(draft);
    throw error;
  }
  putInPlace(draft, path);
}

/** With what SQLite keeps beside it. */
function removeFile(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
}

function writeFile(draft: string, revision: number, objects: Iterable<StoredObject>): void {
  // Objects are for the owner alone, and SQLite gives its other files the same mode.
  closeSync(openSync(draft, 'wx', 0o600));
  const database = new DatabaseSync(draft);
  try {
    database.exec(`PRAGMA journal_mode = WAL; BEGIN; ${TABLES} PRAGMA user_version = ${FORMAT};`);
    writeState(database, { snapshot: revision, reserved: revision, ...insertAll(database, objects) });
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

function insertAll(
  database: DatabaseSync,
  objects: Iterable<StoredObject>,
): Pick<FileState, 'count' | 'objectsSum'> {
  const insert = database.prepare('INSERT INTO objects(key, rv, value, sum) VALUES (?, ?, ?, ?)');
  let count = 0;
  let objectsSum = 0;
  for (const stored of objects) {
    const key = keyOf(stored);
    const sum = sumOfRow(stored.revision, key, stored.bytes);
    insert.run(key, stored.revision, stored.bytes, sum);
    count += 1;
    objectsSum ^= sum;
  }
  return { count, objectsSum: objectsSum >>> 0 };
}

/** Gives a finished file its name, durably. */
export function putInPlace(draft: string, path: string): void {
  sync(draft);
  renameSync(draft, path);
  sync(dirname(path));
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined: there is no store in the folder. @throws StoreFileError if there is half of one */
export function findStoreFile(folder: string): string | undefined {
  const path = join(folder, FILE_NAME);
  if (existsSync(path)) return path;
  if (existsSync(`${path}-wal`)) throw damaged(path, `it is missing, and ${FILE_NAME}-wal is there`);
  return undefined;
}

const FULL = 13;
/** No space for the file that SQLite shares memory in. */
const SHARED_MEMORY_SIZE = 4874;
const IO_ERROR = 10;
const BUSY = 5;

/** What SQLite or the system says, in the words that an operator looks for. */
export function explain(error: unknown): string {
  const code = errorCode(error);
  if (isFull(error)) return 'no space left on device';
  const text = error instanceof Error ? error.message : String(error);
  return code === undefined || text.includes('code') ? text : `${text} (SQLite error ${code})`;
}

export function isFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === FULL || code === SHARED_MEMORY_SIZE;
}

/** Another process has locked it. */
export function isBusy(error: unknown): boolean {
  return errorCode(error) === BUSY;
}

/** The disk, not the file, is at fault. */
export function isOfTheDisk(error: unknown): boolean {
  const code = errorCode(error);
  return code !== undefined && (code === FULL || (code & 0xff) === IO_ERROR);
}

function errorCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}
