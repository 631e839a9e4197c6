/** What one asks of JSON values everywhere in the schema. */
import type { JsonObject, JsonValue } from './json.ts';
import type { JsonType } from './shape.ts';

/** Without a prototype. */
export function newObject(): Record<string, JsonValue> {
  // The type of the literal does not say that `__proto__` is no key here.
  const object: Record<string, JsonValue> = Object.create(null);
  return object;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Whether a field of that type with that value means the same as without: empty, zero, false. */
export function isZero(type: JsonType, value: JsonValue): boolean {
  if (isList(value)) return value.length === 0;
  if (isObject(value)) return type.is !== 'json' && isEmpty(value);
  if (type.is === 'quantity' && value === '0') return true;
  return value === '' || value === 0 || value === false || value === null;
}

function isEmpty(object: JsonObject): boolean {
  for (const _ in object) return false;
  return true;
}

/** In Go's words. */
export function nameOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
