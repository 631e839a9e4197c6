/** The metadata that the API server sets: on create, and what an update keeps (cluster § 7.2). Pure. */
import type { ApiObject, ObjectMeta } from '../schema/object.ts';
import { badRequest } from '../schema/status-error.ts';
import { formatTime } from '../schema/time.ts';

/** `generateName` is cut so that the whole fits a DNS label. */
const MAX_GENERATED_PREFIX = 58;
const SUFFIX_LENGTH = 5;
/** No vowels and no digits that look like them: names say nothing by chance. */
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Where a new object's system fields come from. */
interface Origin {
  readonly uid: string;
  readonly nowMs: number;
  readonly countsGeneration: boolean;
}

/**
 * @param namespace of the request; empty for cluster-wide kinds
 * @throws StatusError 400 the body says another namespace, or a version
 */
export function newMetadata(given: ObjectMeta, namespace: string, origin: Origin): ObjectMeta {
  const { uid: _uid, selfLink: _link, managedFields: _fields, deletionTimestamp: _at, ...own } = given;
  const { deletionGracePeriodSeconds: _grace, generation: _generation, namespace: _namespace, ...kept } = own;
  if (namespace !== '' && (given.namespace ?? '') !== '' && given.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if ((given.resourceVersion ?? '') !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  return {
    ...kept,
    ...(namespace === '' ? {} : { namespace }),
    uid: origin.uid,
    creationTimestamp: formatTime(origin.nowMs),
    ...(origin.countsGeneration ? { generation: 1 } : {}),
  };
}

/** @param random at least 0, below 1 */
export function generateName(prefix: string, random: () => number): string {
  const letters = Array.from({ length: SUFFIX_LENGTH }, () => {
    return SUFFIX_LETTERS.charAt(Math.floor(random() * SUFFIX_LETTERS.length));
  });
  return prefix.slice(0, MAX_GENERATED_PREFIX) + letters.join('');
}

/**
 * What an update leaves out is as before. What it says otherwise stays, for validation to refuse.
 *
 * @param given of the update
 */
export function replacedMetadata(given: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const { selfLink: _link, managedFields: _fields, generation: _generation, ...own } = given;
  const kept: { -readonly [Field in keyof ObjectMeta]: ObjectMeta[Field] } = {};
  if ((given.namespace ?? '') === '' && old.namespace !== undefined) kept.namespace = old.namespace;
  if ((given.uid ?? '') === '' && old.uid !== undefined) kept.uid = old.uid;
  if (old.generation !== undefined) kept.generation = old.generation;
  for (const field of ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (given[field] === undefined && old[field] !== undefined) Object.assign(kept, { [field]: old[field] });
  }
  return { ...own, ...kept };
}

/** The same but for metadata and status: what `metadata.generation` counts. */
export function isSameSpec(a: ApiObject, b: ApiObject): boolean {
  return specText(a) === specText(b);
}

function specText(object: ApiObject & { readonly status?: unknown }): string {
  const { metadata: _metadata, status: _status, ...spec } = object;
  return JSON.stringify(spec);
}
