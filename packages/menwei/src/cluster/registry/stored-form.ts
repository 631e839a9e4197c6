/** The form in which objects go to the store, and in which a write answers them though they are not there. */
import type { Resource } from '../kinds/resource.ts';
import { canonicalForm } from '../schema/canonical-form.ts';
import type { ApiObject } from '../schema/object.ts';
import { tooLarge } from '../schema/status-error.ts';
import type { StoredObject, Transaction } from '../store/store.ts';
import { parseStored } from '../store/stored-object.ts';

/** Of one stored object (cluster § 5.1). */
const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024;

/** Of two resources that are two shapes of one object, in the shape that is stored. */
export function canonical(resource: Resource, object: ApiObject): ApiObject {
  return canonicalForm(resource.storedMessage ?? resource.message, object);
}

/** The name of the resource in the store. */
export function storedAs({ resource, storedAs: name }: Resource): string {
  if (name === undefined) throw new Error(`BUG: ${resource} are not stored`);
  return name;
}

/** @throws StatusError 413 it is too large */
export function putObject(transaction: Transaction, resource: Resource, object: ApiObject): StoredObject {
  const stored = transaction.put(storedAs(resource), canonical(resource, object));
  if (stored.bytes.length <= MAX_OBJECT_BYTES) return stored;
  throw tooLarge(`limit of one object is ${MAX_OBJECT_BYTES}`);
}

/** As a dry run answers what it would create: there is no version that one could go on from. */
export function withoutVersion(stored: StoredObject): StoredObject {
  const { metadata, ...rest } = parseStored(stored);
  const { resourceVersion: _, ...kept } = metadata;
  const { kind, apiVersion, ...fields } = rest;
  return { ...stored, bytes: Buffer.from(JSON.stringify({ kind, apiVersion, metadata: kept, ...fields })) };
}

/** As the last update would have left it: with the version that it had. */
export function asBefore(resource: Resource, old: StoredObject, object: ApiObject): StoredObject {
  const metadata = { ...object.metadata, resourceVersion: String(old.revision) };
  return {
    ...old,
    bytes: Buffer.from(JSON.stringify(canonical(resource, { ...object, metadata }))),
  };
}
