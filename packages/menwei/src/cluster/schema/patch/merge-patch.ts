/** JSON merge patches (RFC 7396). */
import type { JsonObject, JsonValue } from '../json.ts';
import { isObject, newObject } from '../values.ts';

export function mergePatch(current: JsonObject, patch: JsonObject): JsonObject {
  const merged = Object.assign(newObject(), current);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergeValue(merged[key], value);
  }
  return merged;
}

function mergeValue(current: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  return mergePatch(isObject(current) ? current : newObject(), patch);
}
