/** The messages of the schema table as schemas of OpenAPI, for kubectl: validation, `explain`, three-way merges. */
import { RESOURCES } from '../kinds/resources.ts';
import type { JsonObject, JsonValue } from '../schema/json.ts';
import { SCHEMA } from '../schema/schema.ts';
import { type Field, type JsonType, type ScalarName, shapeOf } from '../schema/shape.ts';
import { describe } from './descriptions.ts';

/** What the two versions of OpenAPI write in different ways. */
export interface Dialect {
  /** Before the name of a type in a reference. */
  readonly prefix: string;
  /** A reference may have nothing beside it, not even a description. */
  readonly wrapsReferences: boolean;
  readonly allowsOneOf: boolean;
}

type Schemas = Readonly<Record<string, JsonObject>>;

/** All types that the messages have to do with, each by its name: `io.k8s.api.core.v1.Service`. */
export function describeTypes(messages: readonly string[], dialect: Dialect): Schemas {
  const schemas = new Map<string, JsonObject>();
  const waiting = [...messages];
  for (let message = waiting.pop(); message !== undefined; message = waiting.pop()) {
    const name = typeName(message);
    if (schemas.has(name)) continue;
    schemas.set(name, describeMessage(message, dialect));
    waiting.push(...messagesIn(message));
  }
  const scalars = Object.entries(SCALAR_TYPES).map(([name, make]) => [name, make(dialect)] as const);
  return Object.fromEntries([...scalars, ...schemas].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** `core.v1.Service` is `io.k8s.api.core.v1.Service`. */
function typeName(message: string): string {
  if (message.startsWith('metallb.')) return `io.${message}`;
  return message.startsWith('meta.') ? `${META}.${message.slice(5)}` : `io.k8s.api.${message}`;
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

const SCALAR_TYPES: Readonly<Record<string, (dialect: Dialect) => JsonObject>> = {
  [`${META}.Time`]: () => ({
    description: 'A time with seconds, as RFC 3339 writes it.',
    type: 'string',
    format: 'date-time',
  }),
  [`${META}.MicroTime`]: () => ({
    description: 'A time with microseconds, as RFC 3339 writes it.',
    type: 'string',
    format: 'date-time',
  }),
  [INT_OR_STRING]: ({ allowsOneOf }) => ({
    description: 'A number, or a text that names one.',
    format: 'int-or-string',
    ...(allowsOneOf ? { oneOf: [{ type: 'integer' }, { type: 'string' }] } : { type: 'string' }),
  }),
  [QUANTITY]: ({ allowsOneOf }) => ({
    description: 'An amount with an optional suffix: 500m is a half, 2k are 2000, 1Gi are 2^30.',
    ...(allowsOneOf ? { oneOf: [{ type: 'string' }, { type: 'number' }] } : { type: 'string' }),
  }),
  [`${META}.FieldsV1`]: () => ({
    description: 'The set of fields that a manager has written, as nested objects.',
    type: 'object',
  }),
};

/** In JSON, by the name of a scalar; a text names a type. */
const SCALARS: Readonly<Record<ScalarName, JsonObject | string>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
  time: `${META}.Time`,
  microTime: `${META}.MicroTime`,
  quantity: QUANTITY,
  intOrString: INT_OR_STRING,
  json: `${META}.FieldsV1`,
};

const HEADER: JsonObject = {
  apiVersion: {
    description:
      'The group and version of the API that the object is written for: v1, or discovery.k8s.io/v1.',
    type: 'string',
  },
  kind: { description: 'What the object is: Service, Pod. It can not be changed.', type: 'string' },
};

function describeMessage(message: string, dialect: Dialect): JsonObject {
  const { fields } = shapeOf(message);
  const properties = fields.map((field) => [field.name, describeField(message, field, dialect)] as const);
  const isKind = fields.some(({ type }) => type.is === 'message' && METADATA.includes(type.name));
  const required = fields.filter(({ schema }) => schema.q !== undefined).map(({ name }) => name);
  const mapType = SCHEMA[message]?.mt;
  return {
    ...descriptionOf(message),
    type: 'object',
    ...(required.length === 0 ? {} : { required: required.toSorted() }),
    properties: { ...(isKind ? HEADER : {}), ...Object.fromEntries(properties) },
    ...(mapType === undefined ? {} : { 'x-kubernetes-map-type': mapType }),
    ...(isKind ? groupVersionKinds(message) : {}),
  };
}

const METADATA: readonly string[] = ['meta.ObjectMeta', 'meta.ListMeta'];

function groupVersionKinds(message: string): JsonObject {
  const found = RESOURCES.flatMap(({ group, version, kind, message: own }) => {
    const name = own === message ? kind : `${own}List` === message ? `${kind}List` : undefined;
    return name === undefined ? [] : [{ group, kind: name, version }];
  });
  return found.length === 0 ? {} : { 'x-kubernetes-group-version-kind': found };
}

function describeField(message: string, { name, type, schema }: Field, dialect: Dialect): JsonObject {
  const { lt, lk, ps, pk, d, e } = schema;
  const owner = describe(message, name) === '' ? ownerOf(message, name) : message;
  return {
    ...descriptionOf(owner, name),
    ...describeType(type, dialect, e === undefined ? {} : { enum: e }),
    ...(d === undefined ? {} : { default: d }),
    ...(lt === undefined ? {} : { 'x-kubernetes-list-type': lt }),
    ...(lk === undefined ? {} : { 'x-kubernetes-list-map-keys': lk }),
    ...(ps === undefined ? {} : { 'x-kubernetes-patch-strategy': ps }),
    ...(pk === undefined ? {} : { 'x-kubernetes-patch-merge-key': pk }),
  };
}

/** Most fields that few people ask for have none. */
function descriptionOf(message: string, field?: string): JsonObject {
  const description = describe(message, field);
  return description === '' ? {} : { description };
}

/** The message in which a field stands, if that one is inlined. */
function ownerOf(message: string, field: string): string {
  const inlined = Object.values(SCHEMA[message]?.f ?? {}).filter(({ inl }) => inl !== undefined);
  return inlined.find(({ t }) => shapeOf(t).byName.has(field))?.t ?? message;
}

/** @param values what a scalar, or each item of a list, may be */
function describeType(type: JsonType, dialect: Dialect, values: JsonObject = {}): JsonObject {
  switch (type.is) {
    case 'message':
      return reference(typeName(type.name), dialect);
    case 'list':
      return { type: 'array', items: describeType(type.of, dialect, values) };
    case 'map':
      return { type: 'object', additionalProperties: describeType(type.of, dialect) };
    default: {
      const scalar = SCALARS[type.is];
      return typeof scalar === 'string' ? reference(scalar, dialect) : { ...scalar, ...values };
    }
  }
}

function reference(name: string, { prefix, wrapsReferences }: Dialect): JsonObject {
  const $ref: JsonValue = `${prefix}${name}`;
  return wrapsReferences ? { allOf: [{ $ref }] } : { $ref };
}

function messagesIn(message: string): readonly string[] {
  return shapeOf(message).fields.flatMap(({ type }) => {
    let inner = type;
    while ('of' in inner) inner = inner.of;
    return inner.is === 'message' ? [inner.name] : [];
  });
}
