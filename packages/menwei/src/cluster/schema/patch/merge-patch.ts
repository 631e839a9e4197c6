/** JSON merge patches (RFC 7396). As in the reference, null also takes fields out of objects in lists. */
import type { JsonObject, JsonValue } from '../json.ts';
import { isList, isObject, newObject } from '../values.ts';

export function mergePatch(current: JsonObject, patch: JsonObject): JsonObject {
  const merged = Object.assign(newObject(), current);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergeValue(merged[key], value);
  }
  return merged;
}

function mergeValue(current: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (isList(patch)) return patch.map((one) => (one === null ? null : mergeValue(undefined, one)));
  if (!isObject(patch)) return patch;
  return mergePatch(isObject(current) ? current : newObject(), patch);
}
