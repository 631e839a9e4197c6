/** OpenAPI version 2 in protobuf: gnostic's `openapi.v2.Document`, which older kubectls ask for. */
import type { JsonObject, JsonValue } from '../schema/json.ts';
import { isList, isObject } from '../schema/values.ts';

/** @param document as in JSON */
export function encodeDocument({ swagger, info, paths, definitions }: JsonObject): Buffer {
  const { title, version } = object(info);
  return join([
    text(1, swagger),
    bytes(2, join([text(1, title), text(2, version)])),
    bytes(8, join(named(2, object(paths), encodePathItem))),
    bytes(9, join(named(1, object(definitions), encodeSchema))),
  ]);
}

const OPERATIONS: Readonly<Record<string, number>> = { get: 2, post: 4, patch: 8 };

function encodePathItem(item: JsonValue): Buffer {
  return join(
    Object.entries(object(item)).map(([verb, one]) => {
      const number = OPERATIONS[verb];
      if (number === undefined) throw new Error(`BUG: an OpenAPI document has an operation ${verb}`);
      return bytes(number, encodeOperation(object(one)));
    }),
  );
}

function encodeOperation(operation: JsonObject): Buffer {
  return join([
    text(5, operation.operationId),
    ...list(operation.parameters).map((one) => bytes(8, encodeQuery(object(one)))),
    bytes(9, Buffer.alloc(0)),
    ...extensions(13, operation),
  ]);
}

/** ParametersItem { Parameter { NonBodyParameter { QueryParameterSubSchema } } } */
function encodeQuery({ in: place, name, type }: JsonObject): Buffer {
  const query = join([text(2, place), text(4, name), text(6, type)]);
  return bytes(1, bytes(2, bytes(3, query)));
}

function encodeSchema(value: JsonValue): Buffer {
  const schema = object(value);
  const { items, properties, additionalProperties } = schema;
  return join([
    text(1, schema.$ref),
    text(2, schema.format),
    text(4, schema.description),
    ...(schema.default === undefined ? [] : [bytes(5, any(schema.default))]),
    ...list(schema.required).map((name) => text(19, name)),
    ...list(schema.enum).map((one) => bytes(20, any(one))),
    ...(additionalProperties === undefined ? [] : [bytes(21, bytes(1, encodeSchema(additionalProperties)))]),
    ...(schema.type === undefined ? [] : [bytes(22, text(1, schema.type))]),
    ...(items === undefined ? [] : [bytes(23, bytes(1, encodeSchema(items)))]),
    ...(properties === undefined ? [] : [bytes(25, join(named(1, object(properties), encodeSchema)))]),
    ...extensions(31, schema),
  ]);
}

/** `x-kubernetes-…` */
function extensions(number: number, described: JsonObject): readonly Buffer[] {
  const own = Object.entries(described).filter(([name]) => name.startsWith('x-'));
  return named(number, Object.fromEntries(own), any);
}

/** A member of a map is a message with a name and a value. */
function named(number: number, map: JsonObject, encode: (value: JsonValue) => Buffer): readonly Buffer[] {
  return Object.entries(map).map(([name, value]) =>
    bytes(number, join([text(1, name), bytes(2, encode(value))])),
  );
}

/** JSON is YAML. */
function any(value: JsonValue): Buffer {
  return text(2, JSON.stringify(value));
}

function object(value: JsonValue | undefined): JsonObject {
  if (isObject(value)) return value;
  throw new Error('BUG: an OpenAPI document has something else where an object must stand');
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return isList(value) ? value : [];
}

function text(number: number, value: JsonValue | undefined): Buffer {
  return typeof value === 'string' && value !== '' ? bytes(number, Buffer.from(value)) : Buffer.alloc(0);
}

function bytes(number: number, value: Buffer): Buffer {
  return join([varint(number * 8 + 2), varint(value.length), value]);
}

function varint(value: number): Buffer {
  const made: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) made.push((rest & 127) | 128);
  return Buffer.from([...made, rest]);
}

function join(parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts);
}
