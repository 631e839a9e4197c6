/** The file that --config names: a KubeProxyConfiguration as YAML or JSON. */
import { createReadStream } from 'node:fs';
import { parseFirstDocument } from '@menwei/yaml/documents.ts';
import { decodePieces } from '@menwei/yaml/encoding.ts';
import { API_VERSION, FIELDS, KIND } from './configuration.ts';
import {
  type ConfigDocument,
  decodeDocument,
  type FieldError,
  formatFieldError,
  unknownFields,
  valueAt,
  withValue,
} from './document.ts';
import { parseDuration } from './duration.ts';
import { isRecord } from './field.ts';

/** Sixteen times as much as a ConfigMap holds. */
const MOST_BYTES = 16 * 2 ** 20;

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Each message is one line that begins with the file. */
type ParsedConfigFile =
  | { readonly document: ConfigDocument; readonly warnings: readonly string[] }
  | { readonly errors: readonly string[] };

/** Reads the file. Rejects with one line for the user when that is impossible. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    return { path, text: await decodePieces(createReadStream(path), MOST_BYTES) };
  } catch (cause) {
    throw new Error(`${path}: the configuration file can't be read`, { cause });
  }
}

/**
 * Unknown and duplicate fields are left out with a warning, as kube-proxy does, so that one file serves several
 * versions; a value of a wrong type is an error.
 */
export function parseConfigFile({ path, text }: ConfigFile): ParsedConfigFile {
  const { document, ignoredLine } = parseFirstDocument(text);
  if (document.error !== undefined) {
    return { errors: [`${path}:${document.error.line}: ${document.error.message}`] };
  }
  const value = withoutNulls(document.value ?? null);
  const { apiVersion, kind, ...fields } = isRecord(value) ? value : {};
  const misfits = checkKind(apiVersion, kind);
  const decoded = misfits.length > 0 ? { errors: misfits } : decodeDocument(fields);
  if ('errors' in decoded) {
    return { errors: decoded.errors.map((error) => `${path}: ${formatFieldError(error)}`) };
  }
  const repeated = [...new Set(document.repeated.map(({ field }) => field))];
  const warnings = describeOddities(path, unknownFields(fields), repeated, ignoredLine);
  return { document: withoutUnsetZeros(fields), warnings };
}

/** Zeros that mean nothing was said are taken out, where the table says so. */
function withoutUnsetZeros(document: ConfigDocument): ConfigDocument {
  const unset = FIELDS.filter(
    ({ path, zeroIsUnset }) => zeroIsUnset === true && isZero(valueAt(document, path)),
  );
  return unset.reduce((rest, { path }) => withValue(rest, path, undefined), document);
}

function isZero(value: unknown): boolean {
  return value === 0 || (typeof value === 'string' && parseDuration(value) === 0);
}

/** A null means the same as no field at all. In a list it is a mistake: without it the list might mean "all". */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)]));
}

function checkKind(apiVersion: unknown, kind: unknown): readonly FieldError[] {
  return [
    ...(apiVersion === API_VERSION
      ? []
      : [{ field: 'apiVersion', value: apiVersion, allowed: `must be ${API_VERSION}` }]),
    ...(kind === KIND ? [] : [{ field: 'kind', value: kind, allowed: `must be ${KIND}` }]),
  ];
}

function describeOddities(
  path: string,
  unknown: readonly string[],
  duplicate: readonly string[],
  ignoredLine: number | undefined,
): readonly string[] {
  const parts = [
    ...(unknown.length > 0 ? [`unknown fields are ignored: ${unknown.join(', ')}`] : []),
    ...(duplicate.length > 0 ? [`duplicate fields, the last one is used: ${duplicate.join(', ')}`] : []),
    ...(ignoredLine === undefined
      ? []
      : [`only the first document is used, not the one in line ${ignoredLine}`]),
  ];
  return parts.length === 0 ? [] : [`${path}: ${parts.join('; ')}`];
}
