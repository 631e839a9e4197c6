/** From an object to what is kept of it, and back from its bytes. */
import { RESOURCES } from '../kinds/resources.ts';
import { rulesOf } from '../kinds/rules.ts';
import type { ApiObject, ObjectMeta } from '../schema/object.ts';
import type { StoredObject } from './store.ts';
import { parseStored } from './stored-object.ts';

/** What field selectors may ask of the objects of a resource; undefined if name and namespace are all. */
export type FieldsOf = (resource: string) => ((object: ApiObject) => Fields) | undefined;

type Fields = Readonly<Record<string, string>>;

const RESOURCE_BY_NAME = new Map(RESOURCES.map((resource) => [resource.storedAs, resource]));
const NOTHING: Readonly<Record<string, never>> = {};

/** As the rules of each kind say. */
export function selectableFields(resource: string): ReturnType<FieldsOf> {
  const found = RESOURCE_BY_NAME.get(resource);
  if (found === undefined) return undefined;
  const rules = rulesOf(found);
  return rules.selectableFields?.bind(rules);
}

/**
 * The text of an object but for its resourceVersion, so that it can be compared before there is one.
 *
 * @param object in canonical form
 */
export function textOf(object: ApiObject): (revision: number) => string {
  const { kind, apiVersion, metadata, ...rest } = object;
  const head = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":`;
  const body = JSON.stringify(rest);
  const tail = body === '{}' ? '}' : `,${body.slice(1)}`;
  return (revision) => head + JSON.stringify(withResourceVersion(metadata, revision)) + tail;
}

/** The fields of metadata that stand before it. */
const BEFORE_VERSION = new Set(['name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion']);

function withResourceVersion(metadata: ObjectMeta, revision: number): object {
  const entries = Object.entries(metadata);
  const before = entries.filter(([key]) => BEFORE_VERSION.has(key) && key !== 'resourceVersion');
  const after = entries.filter(([key]) => !BEFORE_VERSION.has(key));
  return Object.fromEntries([...before, ['resourceVersion', String(revision)], ...after]);
}

/** @param text of the object at this revision */
export function makeStored(
  resource: string,
  object: ApiObject,
  revision: number,
  text: string,
  fieldsOf: FieldsOf,
): StoredObject {
  return storedOf(resource, object.metadata, revision, bytesOf(text), fieldsOf(resource)?.(object));
}

/** From what {@link makeStored} made. Throws what JSON.parse throws. */
export function decodeStored(
  resource: string,
  revision: number,
  bytes: Buffer,
  fieldsOf: FieldsOf,
): StoredObject {
  const select = fieldsOf(resource);
  if (select === undefined)
    return storedOf(resource, JSON.parse(metadataIn(bytes).toString()), revision, bytes);
  const object: ApiObject = JSON.parse(bytes.toString());
  return storedOf(resource, object.metadata, revision, bytes, select(object));
}

const METADATA = '"metadata":';
const [QUOTE, BACKSLASH, OPEN, CLOSE] = Buffer.from('"\\{}');

/** Most of an object is not looked at when a store is read: parsing all of it would be most of the work. */
function metadataIn(bytes: Buffer): Buffer {
  const start = bytes.indexOf(METADATA) + METADATA.length;
  let depth = 0;
  let isString = false;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isString && byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) isString = !isString;
    else if (isString) continue;
    else if (byte === OPEN) depth += 1;
    else if (byte === CLOSE) {
      depth -= 1;
      if (depth === 0) return bytes.subarray(start, at + 1);
    }
  }
  return bytes.subarray(start);
}

/** As it was, with the revision of its deletion. */
export function asDeleted(stored: StoredObject, revision: number): StoredObject {
  return { ...stored, revision, bytes: bytesOf(textOf(parseStored(stored))(revision)) };
}

/** Of its own: a small part of a block that is shared would keep all of the block. */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

function storedOf(
  resource: string,
  metadata: ObjectMeta,
  revision: number,
  bytes: Buffer,
  fields: Fields = NOTHING,
): StoredObject {
  const { namespace = '', name = '', uid = '', labels = NOTHING, ownerReferences = [] } = metadata;
  const ownerUids = ownerReferences.flatMap((owner) => (owner.uid === undefined ? [] : [owner.uid]));
  return {
    resource,
    revision,
    bytes,
    namespace,
    name,
    uid,
    labels,
    ownerUids: [...new Set(ownerUids)],
    isBeingDeleted: metadata.deletionTimestamp !== undefined && metadata.deletionTimestamp !== null,
    fields,
  };
}
