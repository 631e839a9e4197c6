/** A configuration as it is written, by a file or by flags, and what is wrong with it. */
import * as v from 'valibot';
import { CONFIGURATION, type Configuration } from './configuration.ts';
import { entriesOf, isRecord, itemOf } from './field.ts';

/** As it was written: only what was said, and nothing of it checked. */
export type ConfigDocument = Readonly<Record<string, unknown>>;

/** A value that is refused: `iptables.masqueradeBit`, 32, `must be within 0 and 31`. */
export interface FieldError {
  readonly field: string;
  readonly value: unknown;
  readonly allowed: string;
}

/** Collects refusals. */
export type Refuse = (error: FieldError) => void;

/** Checks the types of the fields that are known, and fills in the others; what they mean together is checked later. */
export function decodeDocument(
  document: ConfigDocument,
): { readonly configuration: Configuration } | { readonly errors: readonly FieldError[] } {
  const { success, output, issues } = v.safeParse(CONFIGURATION, document);
  if (success) return { configuration: output };
  return {
    errors: issues.map((issue) => ({
      field: (v.getDotPath(issue) ?? '').replace(/\.(\d+)(?=\.|$)/g, '[$1]'),
      value: issue.input,
      allowed: issue.message,
    })),
  };
}

/** `iptables.masqueradeBit: 32: must be within 0 and 31` */
export function formatFieldError({ field, value, allowed }: FieldError): string {
  return `${field}: ${value === undefined ? '(absent)' : JSON.stringify(value)}: ${allowed}`;
}

/** Paths of the fields that the table doesn't have: `iptables.masqeradeAll`. */
export function unknownFields(document: ConfigDocument): readonly string[] {
  return findUnknown(CONFIGURATION, document, '');
}

function findUnknown(schema: object, value: unknown, prefix: string): readonly string[] {
  const item = itemOf(schema);
  if (item !== undefined && Array.isArray(value)) {
    const path = prefix.slice(0, -1);
    return value.flatMap((inner: unknown, index) => findUnknown(item, inner, `${path}[${index}].`));
  }
  const entries = entriesOf(schema);
  if (entries === undefined || !isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = `${prefix}${key}`;
    const known = Object.hasOwn(entries, key) ? entries[key] : undefined;
    return known === undefined ? [path] : findUnknown(known, inner, `${path}.`);
  });
}

/** The value at a path such as `iptables.masqueradeBit`; undefined: nothing was said. */
export function valueAt(document: ConfigDocument, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), document);
}

/** The document with another value at a path; undefined takes it out. */
export function withValue(document: ConfigDocument, path: string, value: unknown): ConfigDocument {
  const [name = '', ...rest] = path.split('.');
  if (rest.length === 0) return { ...document, [name]: value };
  const inner = document[name];
  return { ...document, [name]: withValue(isRecord(inner) ? inner : {}, rest.join('.'), value) };
}
