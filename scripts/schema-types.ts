/** Writes the TypeScript types of all objects that the cluster's schema table describes: `npm run schema:types`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SchemaTable } from 'menwei/cluster/schema/schema.ts';

const SCHEMA = new URL('../packages/menwei/src/cluster/schema/schema.json', import.meta.url);
const TYPES = new URL('../packages/menwei/src/cluster/schema/messages.ts', import.meta.url);

/** What these are in JSON is not what they are as messages. */
const IN_JSON: Readonly<Record<string, string>> = {
  'meta.Time': 'string',
  'meta.MicroTime': 'string',
  'api.resource.Quantity': 'string',
  'util.intstr.IntOrString': 'number | string',
  'meta.FieldsV1': 'JsonObject',
  'runtime.RawExtension': 'JsonObject',
  'authentication.v1.ExtraValue': 'readonly string[]',
  'authorization.v1.ExtraValue': 'readonly string[]',
  string: 'string',
  bytes: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  double: 'number',
};

/** Like lists and pointers, these stand there as null when they are empty and can't be left out. */
const NULL_WHEN_EMPTY: readonly string[] = ['meta.Time', 'meta.MicroTime', 'runtime.RawExtension'];

/** The whole of the generated module. */
export function formatTypes(table: SchemaTable): string {
  const names = Object.keys(table).filter((name) => !(name in IN_JSON));
  const interfaces = names.map((name) => formatInterface(name, table));
  const members = names.map((name) => `  readonly '${name}': ${typeName(name)};`);
  return `/**
 * Generated from schema.json by \`npm run schema:types\`: what objects are in JSON. Every field may be absent: what a kind
 * requires is its validation's business.
 */
import type { JsonObject } from './json.ts';

/** By the name that the schema table gives a message. */
export interface Messages {
${members.join('\n')}
}

${interfaces.join('\n\n')}
`;
}

function formatInterface(name: string, table: SchemaTable): string {
  const fields = Object.entries(table[name]?.f ?? {});
  const inlined = fields.filter(([, { inl }]) => inl !== undefined).map(([, { t }]) => typeName(t));
  const isKind = table[name]?.f.metadata?.t === 'meta.ObjectMeta';
  const lines = fields
    .filter(([, { inl }]) => inl === undefined)
    .map(([field, { t, r, j, p, z }]) => {
      const type = typeOf(t);
      const whole = r === undefined ? type : `readonly ${/[ |]/.test(type) ? `(${type})` : type}[]`;
      const orNull =
        z !== undefined && (p !== undefined || r !== undefined || NULL_WHEN_EMPTY.includes(t))
          ? ' | null'
          : '';
      return `  readonly ${JSON.stringify(j ?? field)}${isKind && field === 'metadata' ? '' : '?'}: ${whole}${orNull};`;
    });
  if (isKind) lines.unshift('  readonly kind: string;', '  readonly apiVersion: string;');
  const above = inlined.length === 0 ? '' : ` extends ${inlined.join(', ')}`;
  return `interface ${typeName(name)}${above} {\n${lines.join('\n')}\n}`;
}

function typeOf(type: string): string {
  const value = /^map<string,(.*)>$/.exec(type)?.[1];
  return value === undefined
    ? (IN_JSON[type] ?? typeName(type))
    : `{ readonly [key: string]: ${typeOf(value)} }`;
}

/** `core.v1.ServicePort` → `CoreV1ServicePort` */
function typeName(message: string): string {
  return message
    .split('.')
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join('');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(TYPES, formatTypes(JSON.parse(readFileSync(SCHEMA, 'utf8'))));
}
