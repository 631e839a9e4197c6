/** The schema table against what others know of the same API, and what is generated from it against it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as client from '@kubernetes/client-node';
import { RESOURCES } from 'menwei/cluster/kinds/resources.ts';
import { SCHEMA } from 'menwei/cluster/schema/schema.ts';
import { type JsonType, shapeOf } from 'menwei/cluster/schema/shape.ts';
import { expect, it } from 'vitest';
import { formatTypes } from '../../scripts/schema-types.ts';

const TYPES = join(import.meta.dirname, '../../packages/menwei/src/cluster/schema/messages.ts');

it('messages.ts is what `npm run schema:types` makes', () => {
  const format = (text: string) =>
    text
      .replaceAll(/['"]/g, '')
      .replaceAll(/[\s(]+/g, ' ')
      .replaceAll(/\)/g, '');
  expect(format(readFileSync(TYPES, 'utf8'))).toBe(format(formatTypes(SCHEMA)));
});

interface Attribute {
  readonly baseName: string;
  readonly type: string;
}

const classes = new Map(Object.entries(client));

/** The fields of a model of the client library, or undefined if it has none of that name. */
function attributesOf(name: string): readonly Attribute[] | undefined {
  const model: unknown = classes.get(name);
  if (typeof model !== 'function' || !('attributeTypeMap' in model)) return undefined;
  return Array.isArray(model.attributeTypeMap) ? model.attributeTypeMap : undefined;
}

/** `core.v1.Event` is `CoreV1Event`, where that is not `V1Event`. */
function modelOf(message: string): string {
  const [group = '', , name = ''] = message.startsWith('meta.')
    ? ['meta', '', message.slice(5)]
    : message.split('.');
  const long = `${group.slice(0, 1).toUpperCase()}${group.slice(1)}V1${name}`;
  return attributesOf(long) === undefined ? `V1${name}` : long;
}

const STRINGS: readonly JsonType['is'][] = ['string', 'bytes', 'quantity'];
const NUMBERS: readonly JsonType['is'][] = ['int32', 'int64', 'double'];

function describeType(type: JsonType): string {
  if (type.is === 'message') return modelOf(type.name);
  if (type.is === 'list') return `Array<${describeType(type.of)}>`;
  if (type.is === 'map') return `{ [key: string]: ${describeType(type.of)}; }`;
  if (STRINGS.includes(type.is)) return 'string';
  if (NUMBERS.includes(type.is)) return 'number';
  const others: Partial<Record<JsonType['is'], string>> = {
    bool: 'boolean',
    time: 'Date',
    microTime: 'V1MicroTime',
    intOrString: 'IntOrString',
    json: 'any',
  };
  return others[type.is] ?? type.is;
}

/** Each field with its type, of all messages that the kind has to do with. */
function fieldsUnder(message: string, seen: Set<string>): readonly string[] {
  if (seen.has(message)) return [];
  seen.add(message);
  return shapeOf(message).fields.flatMap(({ name, type }) => {
    let inner = type;
    while ('of' in inner) inner = inner.of;
    const own = `${modelOf(message)}.${name}: ${describeType(type)}`;
    return [own, ...(inner.is === 'message' ? fieldsUnder(inner.name, seen) : [])];
  });
}

function attributesUnder(model: string, seen: Set<string>): readonly string[] {
  const attributes = attributesOf(model);
  if (attributes === undefined || seen.has(model)) return [];
  seen.add(model);
  const isKind = attributes.some(({ type }) => type === 'V1ObjectMeta');
  return attributes
    .filter(({ baseName }) => !isKind || (baseName !== 'kind' && baseName !== 'apiVersion'))
    .flatMap(({ baseName, type }) => {
      const inner = /\w+(?=[>;]|$)/.exec(type)?.[0] ?? type;
      return [`${model}.${baseName}: ${type}`, ...attributesUnder(inner, seen)];
    });
}

/** Those of MetalLB the client library does not have. */
const UPSTREAM = RESOURCES.filter(({ message }) => !message.startsWith('metallb.'));

it.each(UPSTREAM)('the table has the same fields of $kind as the client library', ({ message }) => {
  const ours = fieldsUnder(message, new Set());
  const theirs = attributesUnder(modelOf(message), new Set());
  expect(theirs.length).toBeGreaterThan(3);
  expect([...ours].sort()).toEqual([...theirs].sort());
});
