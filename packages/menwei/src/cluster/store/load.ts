/** Reads the file of a store as a whole, and trusts nothing in it. */
import { DatabaseSync } from 'node:sqlite';
import type { StoreStart } from './draft.ts';
import { asDeleted, decodeStored, type FieldsOf } from './encoding.ts';
import { type ObjectKey, Objects } from './objects.ts';
import type { StoredObject, StoreEvent } from './store.ts';
import {
  damaged,
  explain,
  type FileState,
  FORMAT,
  isOfTheDisk,
  readState,
  StoreFileError,
  sumOfRow,
} from './store-file.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * Changes nothing, also not what a crash has left to be mended. Another process may have the file open.
 *
 * @throws StoreFileError if all of it can't be read
 */
export function loadStoreFile(path: string, fieldsOf: FieldsOf): StoreStart {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    database.exec('BEGIN');
    checkFormat(database, path);
    checkPages(database, path);
    return load(database, path, fieldsOf);
  } catch (error) {
    if (error instanceof StoreFileError) throw error;
    if (isOfTheDisk(error)) throw new StoreFileError(`${path}: can't be read: ${explain(error)}`);
    throw damaged(path, explain(error));
  } finally {
    database?.close();
  }
}

function checkFormat(database: DatabaseSync, path: string): void {
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > FORMAT) {
    const why = `its format is ${version}, and this version of menwei knows formats up to ${FORMAT}`;
    throw new StoreFileError(`${path}: ${why}: run the version that wrote it, or a newer one`);
  }
  if (version < FORMAT) throw damaged(path, 'it is not the store of a cluster, or its header is wrong');
}

function checkPages(database: DatabaseSync, path: string): void {
  const told = database.prepare('PRAGMA quick_check(1)').get()?.quick_check;
  if (told !== 'ok') throw damaged(path, String(told));
}

function load(database: DatabaseSync, path: string, fieldsOf: FieldsOf): StoreStart {
  const state = readState(database, path);
  const objects = readObjects(database, path, state, fieldsOf);
  const events: StoreEvent[] = [];
  let last = state.snapshot;
  for (const row of database.prepare('SELECT rv, prev, key, value, sum FROM log ORDER BY rv').iterate()) {
    const { revision, key, value } = checkRow(path, 'log', row);
    if (row.prev !== last)
      throw damaged(path, `the log has nothing between revisions ${last} and ${revision}`);
    events.push(replay(objects, key, revision, value, path, fieldsOf));
    last = revision;
  }
  return {
    objects: Objects.of([...objects.values()]),
    // No revision that was reserved is given away again.
    revision: Math.max(last, state.reserved),
    floor: state.snapshot,
    events,
    lastKnown: last,
  };
}

function readObjects(
  database: DatabaseSync,
  path: string,
  state: FileState,
  fieldsOf: FieldsOf,
): Map<ObjectKey, StoredObject> {
  const objects = new Map<ObjectKey, StoredObject>();
  let sums = 0;
  for (const row of database.prepare('SELECT key, rv, value, sum FROM objects').iterate()) {
    const { revision, key, value } = checkRow(path, 'objects', row);
    if (value === undefined) throw damaged(path, `row ${key} of table objects has no value`);
    objects.set(key, decode(key, revision, value, path, fieldsOf));
    sums ^= Number(row.sum);
  }
  if (objects.size !== state.count || sums >>> 0 !== state.objectsSum) {
    throw damaged(path, `table objects has ${objects.size} of ${state.count} rows, or other ones`);
  }
  return objects;
}

function replay(
  objects: Map<ObjectKey, StoredObject>,
  key: ObjectKey,
  revision: number,
  value: Buffer | undefined,
  path: string,
  fieldsOf: FieldsOf,
): StoreEvent {
  const old = objects.get(key);
  if (value !== undefined) {
    const object = decode(key, revision, value, path, fieldsOf);
    objects.set(key, object);
    return { type: old === undefined ? 'ADDED' : 'MODIFIED', revision, object, old };
  }
  if (old === undefined) throw damaged(path, `the log deletes ${key}, which is not there`);
  objects.delete(key);
  return { type: 'DELETED', revision, object: asDeleted(old, revision), old };
}

function checkRow(path: string, table: string, row: Row) {
  const { rv, key, value, sum } = row;
  if (typeof key !== 'string' || typeof rv !== 'number')
    throw damaged(path, `a row of table ${table} has no key`);
  const bytes =
    value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : undefined;
  if (sumOfRow(rv, key, bytes) !== sum) {
    throw damaged(
      path,
      `the checksum of ${JSON.stringify(key)} at revision ${rv} in table ${table} is wrong`,
    );
  }
  return { revision: rv, key, value: bytes };
}

function decode(
  key: ObjectKey,
  revision: number,
  bytes: Buffer,
  path: string,
  fieldsOf: FieldsOf,
): StoredObject {
  try {
    return decodeStored(key.slice(0, key.indexOf('/')), revision, bytes, fieldsOf);
  } catch (error) {
    throw damaged(path, `${key} is no object: ${explain(error)}`);
  }
}
