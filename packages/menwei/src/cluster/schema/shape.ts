/** The schema table as the codecs want it: by message, its fields in JSON with all that is known of each. */
import type { Messages } from './messages.ts';
import { SCHEMA, type SchemaField } from './schema.ts';

/** Of the messages that are objects in JSON. */
export type MessageName = keyof Messages;

/** What is no message, list or map; `json` is any value, kept as it is. */
export type ScalarName =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'time'
  | 'microTime'
  | 'quantity'
  | 'intOrString'
  | 'json';

/** What stands in JSON. */
export type JsonType =
  | { readonly is: ScalarName /** Its name in Go, in errors. */; readonly goName: string }
  | { readonly is: 'message'; readonly name: string; readonly goName: string }
  | { readonly is: 'list'; readonly of: JsonType; readonly goName: string }
  | { readonly is: 'map'; readonly of: JsonType; readonly goName: string };

/** One field of an object, as it stands in JSON. */
export interface Field {
  /** In JSON. */
  readonly name: string;
  readonly type: JsonType;
  /** When it is written: always; whenever it was given (or else as null); only if it is not zero (empty, false). */
  readonly written: 'always' | 'given' | 'given or null' | 'nonzero';
  readonly schema: SchemaField;
}

/** A message of the table, ready for use. */
export interface Shape {
  /** `ServicePort` */
  readonly goName: string;
  /** Of inlined messages, too; in the order in which they are written. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** By the number in protobuf. */
  readonly byNumber: ReadonlyMap<number, Field | Inlined>;
}

/** The fields of the message stand in JSON where the others do. */
export interface Inlined {
  readonly inlined: string;
}

const SCALARS: Readonly<Record<string, readonly [is: ScalarName, goName: string]>> = {
  string: ['string', 'string'],
  bool: ['bool', 'bool'],
  int32: ['int32', 'int32'],
  int64: ['int64', 'int64'],
  double: ['double', 'float64'],
  bytes: ['bytes', '[]uint8'],
  'meta.Time': ['time', 'v1.Time'],
  'meta.MicroTime': ['microTime', 'v1.MicroTime'],
  'api.resource.Quantity': ['quantity', 'resource.Quantity'],
  'util.intstr.IntOrString': ['intOrString', 'intstr.IntOrString'],
  'meta.FieldsV1': ['json', 'v1.FieldsV1'],
  'runtime.RawExtension': ['json', 'runtime.RawExtension'],
};

const LIST_OF_STRINGS: JsonType = {
  is: 'list',
  of: { is: 'string', goName: 'string' },
  goName: '[]string',
};

const shapes = new Map<string, Shape>();

/** Compiled once. `BUG:` if the table has no such message. */
export function shapeOf(message: string): Shape {
  const known = shapes.get(message);
  if (known !== undefined) return known;
  const made = compile(message);
  shapes.set(message, made);
  return made;
}

function compile(message: string): Shape {
  const described = SCHEMA[message];
  if (described === undefined) throw new Error(`BUG: the schema table has no message ${message}`);
  const fields: Field[] = [];
  const byNumber = new Map<number, Field | Inlined>();
  for (const [name, schema] of Object.entries(described.f)) {
    if (schema.inl === undefined) {
      const field = compileField(schema.j ?? name, schema);
      fields.push(field);
      byNumber.set(schema.n, field);
    } else {
      fields.push(...shapeOf(schema.t).fields);
      byNumber.set(schema.n, { inlined: schema.t });
    }
  }
  const byName = new Map(fields.map((field) => [field.name, field]));
  return { goName: lastPart(message), fields, byName, byNumber };
}

function compileField(name: string, schema: SchemaField): Field {
  const one = typeOf(schema.t, schema.g);
  const type: JsonType = schema.r === undefined ? one : { is: 'list', of: one, goName: `[]${one.goName}` };
  return { name, type, written: whenWritten(type, schema), schema };
}

/** What is no plain value in Go is a pointer unless it is always written. */
const POINTERS: readonly JsonType['is'][] = ['message', 'json', 'quantity', 'intOrString'];

function whenWritten({ is }: JsonType, { p, z }: SchemaField): Field['written'] {
  if (z !== undefined) return p === undefined ? 'always' : 'given or null';
  return p !== undefined || POINTERS.includes(is) ? 'given' : 'nonzero';
}

/** Whether zero is a value of its own. */
export function keepsZero({ written }: Field): boolean {
  return written === 'given' || written === 'given or null';
}

function typeOf(name: string, goName?: string): JsonType {
  const value = /^map<string,(.*)>$/.exec(name)?.[1];
  if (value !== undefined) {
    const of = typeOf(value);
    return { is: 'map', of, goName: `map[string]${of.goName}` };
  }
  const scalar = SCALARS[name];
  if (scalar !== undefined) return { is: scalar[0], goName: goName ?? scalar[1] };
  if (name.endsWith('.ExtraValue')) return LIST_OF_STRINGS;
  return { is: 'message', name, goName: `v1.${lastPart(name)}` };
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
