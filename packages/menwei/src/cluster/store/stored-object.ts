/** From what the store keeps to what one works with. */
import type { StoredKinds } from '../kinds/stored-kinds.ts';
import type { ApiObject } from '../schema/object.ts';
import type { StoredObject } from './store.ts';

/**
 * Parsed anew at each call. Its maps are as JSON.parse makes them: look a label up with `Object.hasOwn`, for the keys are
 * whatever clients chose.
 */
export function objectOf<Name extends keyof StoredKinds>(
  resource: Name,
  stored: StoredObject,
): StoredKinds[Name] {
  if (stored.resource !== resource) throw new Error(`BUG: ${stored.resource} read as ${resource}`);
  return JSON.parse(stored.bytes.toString());
}

/** Of whatever kind it is. */
export function parseStored(stored: StoredObject): ApiObject {
  return JSON.parse(stored.bytes.toString());
}
