/** The one form in which an object is kept and answered. */
import type { JsonObject, JsonValue } from './json.ts';
import type { ApiObject } from './object.ts';
import { type Field, type JsonType, type MessageName, type Shape, shapeOf } from './shape.ts';
import { isList, isObject, isZero, newObject } from './values.ts';

/**
 * Fields in the order of the schema table, maps by their keys, zero values only where the table wants them, and nothing that
 * it does not know. `metadata.resourceVersion` is always there, empty if it was not given: the store sets it.
 */
export function canonicalForm<Kind extends ApiObject>(message: MessageName, object: Kind): Kind {
  // The same fields with the same values, but for those that mean nothing.
  return canonicalJson(message, object) as unknown as Kind;
}

/** The same as a value of JSON. */
export function canonicalJson(message: MessageName, object: ApiObject): JsonObject {
  const { kind, apiVersion } = object;
  return { kind, apiVersion, ...fieldsOf(shapeOf(message), object, 'object') };
}

/** The same of a part of an object. */
export function canonicalPart(message: MessageName, value: object): JsonObject {
  return fieldsOf(shapeOf(message), value, 'other');
}

type Role = 'object' | 'its metadata' | 'other';

function fieldsOf(shape: Shape, value: object, role: Role): JsonObject {
  const canonical: Record<string, JsonValue> = {};
  for (const field of shape.fields) {
    const inner: Role = role === 'object' && field.name === 'metadata' ? 'its metadata' : 'other';
    const isKept =
      field.written === 'always' || (role === 'its metadata' && field.name === 'resourceVersion');
    const given: unknown = Reflect.get(value, field.name);
    const made = given === undefined || given === null ? undefined : canonicalValue(field.type, given, inner);
    if (made === undefined || isNothing(field, made)) {
      if (isKept) canonical[field.name] = zeroOf(field.type);
      else if (field.written === 'given or null') canonical[field.name] = null;
    } else {
      canonical[field.name] = made;
    }
  }
  return canonical;
}

function isNothing({ written, type }: Field, value: JsonValue): boolean {
  return written === 'nonzero' ? isZero(type, value) : isList(value) && value.length === 0;
}

function canonicalValue(type: JsonType, value: unknown, role: Role): JsonValue {
  switch (type.is) {
    case 'message':
      if (isObject(value)) return fieldsOf(shapeOf(type.name), value, role);
      break;
    case 'list':
      if (isList(value))
        return value.map((one) => (one === null ? null : canonicalValue(type.of, one, 'other')));
      break;
    case 'map':
      if (isObject(value)) return mapOf(type.of, value);
      break;
    case 'json':
      return value as JsonValue;
    default:
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  }
  throw new Error(`BUG: ${JSON.stringify(value)} stands where the schema has ${type.goName}`);
}

function mapOf(of: JsonType, map: JsonObject): JsonObject {
  const sorted = newObject();
  for (const key of Object.keys(map).sort()) {
    const value = map[key];
    if (value !== undefined) sorted[key] = value === null ? zeroOf(of) : canonicalValue(of, value, 'other');
  }
  return sorted;
}

/** What stands for nothing where something must stand: null for lists and times. */
function zeroOf(type: JsonType): JsonValue {
  switch (type.is) {
    case 'message':
      return fieldsOf(shapeOf(type.name), {}, 'other');
    case 'string':
    case 'bytes':
      return '';
    case 'bool':
      return false;
    case 'quantity':
      return '0';
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0;
    default:
      return null;
  }
}
