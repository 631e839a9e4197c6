/** What a field of the configuration is: its type, its default, and what people are told of it. */
import * as v from 'valibot';
import { parseDuration } from './duration.ts';

/** Headings of the help text, in its order. */
export const FLAG_GROUPS = [
  'Configuration',
  'API server and objects',
  'Node',
  'Proxy',
  'iptables and nftables mode',
  'ipvs mode',
  'userspace mode',
  'Conntrack',
  'Announcing',
  'DNS',
  'Health and metrics',
  'Logging',
] as const;
export type FlagGroup = (typeof FLAG_GROUPS)[number];

/** How a value is written, in a file and on a command line. */
export type FieldKind =
  | 'text'
  | 'bool'
  | 'integer'
  | 'number'
  | 'duration'
  | 'list'
  | 'gates'
  | 'vmodule'
  | 'size';

/** What people are told of a field, and the flag that sets it. */
interface About {
  readonly help: string;
  /** Without dashes. A flag that sets several fields is described by the first. */
  readonly flag?: string;
  readonly group?: FlagGroup;
  readonly shorthand?: string;
  /** The flag counts beside a file too, and wins over it. Of kube-proxy's flags only a few do (spec § 10.2). */
  readonly besideConfig?: true;
  /** Where it is not the field's: without a file, kube-proxy sometimes means another value. */
  readonly flagDefault?: string;
  /** Where other fields decide on the default: what it mostly is. */
  readonly derivedDefault?: string;
  /** What is accepted, where the type does not say it: `0-31`, `a CIDR`. */
  readonly allowed?: string;
  /** Accepted, and told of: it changes nothing here. */
  readonly withoutEffect?: true;
  /** In a file a zero is no value, since Go can't tell it from none (KQ-5). */
  readonly zeroIsUnset?: true;
  /** Of no use to who only compares or prints: it is about a process that goes on. */
  readonly onlyRuns?: true;
  /** A change in the file takes effect while the proxy runs; one of any other field that counts ends the process. */
  readonly live?: true;
  /** No part of kube-proxy's format. */
  readonly ours?: true;
  /** The field is kube-proxy's, but not the flag. */
  readonly flagIsOurs?: true;
}

/** A field as the table says it. */
export interface Field extends About {
  /** `iptables.masqueradeBit` */
  readonly path: string;
  readonly kind: FieldKind;
  /** As people write it: `30s`, `14`, `false`; empty: none. */
  readonly default: string;
}

const text = v.string('must be a text');
const number = v.number('must be a number');
const integer = v.pipe(
  v.number('must be a whole number'),
  v.check(
    (value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31,
    'must be a whole number of 32 bits',
  ),
);
const durationMs = v.pipe(
  v.string('must be a duration like 30s'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const value = parseDuration(dataset.value);
    if (value !== undefined) return value;
    addIssue({ message: 'must be a duration like 30s' });
    return NEVER;
  }),
);

/** An empty text says as little as none: the default takes its place. */
export function textField(preset: string, about: About) {
  const orPreset = v.transform((value: string) => (value === '' ? preset : value));
  return describe(v.optional(v.pipe(text, orPreset), preset), 'text', preset, about);
}

export function boolField(preset: boolean, about: About) {
  const schema = v.optional(v.boolean('must be true or false'), preset);
  return describe(schema, 'bool', String(preset), about);
}

/** Of 32 bits. */
export function integerField(preset: number, about: About) {
  return describe(v.optional(integer, preset), 'integer', String(preset), about);
}

export function numberField(preset: number, about: About) {
  return describe(v.optional(number, preset), 'number', String(preset), about);
}

/** Written as Go writes durations; milliseconds afterwards. */
export function durationField(preset: string, about: About) {
  return describe(v.optional(durationMs, preset), 'duration', preset, about);
}

/** A duration, or nanoseconds as a number, as old versions had it. */
export function durationOrNanosecondsField(preset: string, about: About) {
  const nanoseconds = v.pipe(
    number,
    v.transform((value) => value / 1e6),
  );
  const either = v.union([durationMs, nanoseconds], 'must be a duration like 5s');
  return describe(v.optional(either, preset), 'duration', preset, about);
}

export function listField(about: About) {
  return describe(v.optional(v.array(text, 'must be a list'), []), 'list', '', about);
}

export function gatesField(about: About) {
  const gates = v.record(v.string(), v.boolean('must be true or false'), 'must be an object');
  return describe(v.optional(gates, {}), 'gates', '', about);
}

/** A quantity of bytes, `64Ki`. */
export function sizeField(preset: string, about: About) {
  return describe(v.optional(v.union([text, number], 'must be a quantity'), preset), 'size', preset, about);
}

/** Verbosity by source file. */
export function vmoduleField(about: About) {
  const item = section({ filePattern: v.optional(text, ''), verbosity: v.optional(integer, 0) });
  const schema = v.optional(v.array(item, 'must be a list'), []);
  ITEMS.set(schema, item);
  return describe(schema, 'vmodule', '', about);
}

/** Fields below one name. Unknown ones are dropped: see unknownFields. */
export function section<const Entries extends v.ObjectEntries>(entries: Entries) {
  // To valibot a list is an object, too.
  const anyObject = v.custom<Readonly<Record<string, unknown>>>(isRecord, 'must be an object');
  const schema = v.optional(v.pipe(anyObject, v.object(entries)), {});
  ENTRIES.set(schema, entries);
  return schema;
}

interface Description {
  readonly kind: FieldKind;
  readonly default: string;
  readonly about: About;
}

const ENTRIES = new WeakMap<object, v.ObjectEntries>();
const ITEMS = new WeakMap<object, object>();
const DESCRIPTIONS = new WeakMap<object, Description>();

function describe<Schema extends object>(
  schema: Schema,
  kind: FieldKind,
  preset: string,
  about: About,
): Schema {
  DESCRIPTIONS.set(schema, { kind, default: preset, about });
  return schema;
}

/** What a section has below it, by name; undefined: it is none. */
export function entriesOf(schema: object): Readonly<Record<string, object>> | undefined {
  return ENTRIES.get(schema);
}

/** What the items of a list are, where they have fields. */
export function itemOf(schema: object): object | undefined {
  return ITEMS.get(schema);
}

/** All fields below a section, in their order. */
export function fieldsOf(schema: object, prefix = ''): readonly Field[] {
  return Object.entries(entriesOf(schema) ?? {}).flatMap(([name, inner]) => {
    const description = DESCRIPTIONS.get(inner);
    const path = `${prefix}${name}`;
    if (description === undefined) return fieldsOf(inner, `${path}.`);
    return [{ ...description.about, path, kind: description.kind, default: description.default }];
  });
}

/** A plain object: neither null nor a list. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
