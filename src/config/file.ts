/** The file that --config names: a KubeProxyConfiguration as YAML or JSON. */
import { readFile } from 'node:fs/promises';
import { type Document, isScalar, LineCounter, parseDocument, type Tags, visit } from 'yaml';
import {
  type ConfigDocument,
  decodeDocument,
  type FieldError,
  formatFieldError,
  isRecord,
  unknownFields,
} from './document.ts';

const API_VERSION = 'kubeproxy.config.k8s.io/v1alpha1';
const KIND = 'KubeProxyConfiguration';

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** Each message is one line that begins with the file. */
export type ParsedConfigFile =
  | { readonly document: ConfigDocument; readonly warnings: readonly string[] }
  | { readonly errors: readonly string[] };

/** Reads the file. Rejects with one line for the user when that is impossible. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    return { path, text: await readFile(path, 'utf8') };
  } catch (cause) {
    throw new Error(`${path}: the configuration file can't be read`, { cause });
  }
}

/**
 * Unknown and duplicate fields are left out with a warning, as kube-proxy does, so that one file serves several
 * versions; a value of a wrong type is an error.
 */
export function parseConfigFile({ path, text }: ConfigFile): ParsedConfigFile {
  const lines = new LineCounter();
  const yaml = parseDocument(text, {
    version: '1.1',
    customTags: goTags,
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  });
  const [broken] = yaml.errors;
  if (broken !== undefined) {
    return { errors: [`${path}:${lines.linePos(broken.pos[0]).line}: ${broken.message.split('\n', 1)[0]}`] };
  }
  const plain = toPlainValue(yaml);
  if ('error' in plain) return { errors: [`${path}: ${plain.error}`] };
  const value = withoutNulls(plain.value);
  const misfits = checkKind(value);
  const decoded = misfits.length > 0 ? { errors: misfits } : decodeDocument(value);
  if ('errors' in decoded) {
    return { errors: decoded.errors.map((error) => `${path}: ${formatFieldError(error)}`) };
  }
  const warnings = describeOddities(path, unknownFields(value), duplicateFields(yaml));
  return { document: decoded.document, warnings };
}

/** Aliases are resolved here, and fail here when they name nothing or multiply without end. */
function toPlainValue(yaml: Document): { readonly value: unknown } | { readonly error: string } {
  try {
    return { value: yaml.toJS() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** YAML 1.1 as Go reads it: `yes` and `on` are true, but a time stays a text. */
function goTags(tags: Tags): Tags {
  return tags.filter((tag) => {
    if (typeof tag === 'string') return tag !== 'timestamp' && tag !== 'intTime' && tag !== 'floatTime';
    return tag.tag !== 'tag:yaml.org,2002:timestamp' && tag.format !== 'TIME';
  });
}

/** A null means the same as no field at all, in lists too: nothing in this configuration may be null. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNulls);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutNulls(inner)]));
}

function checkKind(value: unknown): readonly FieldError[] {
  const { apiVersion, kind } = isRecord(value) ? value : {};
  return [
    ...(apiVersion === API_VERSION
      ? []
      : [{ field: 'apiVersion', value: apiVersion, allowed: `must be ${API_VERSION}` }]),
    ...(kind === KIND ? [] : [{ field: 'kind', value: kind, allowed: `must be ${KIND}` }]),
  ];
}

function duplicateFields(yaml: Document): readonly string[] {
  const duplicates = new Set<string>();
  visit(yaml, {
    Map: (_key, map, ancestors) => {
      const path = ancestors.flatMap((node) =>
        'key' in node && isScalar(node.key) ? [String(node.key.value)] : [],
      );
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = isScalar(key) ? String(key.value) : '';
        if (seen.has(name)) duplicates.add([...path, name].join('.'));
        seen.add(name);
      }
    },
  });
  return [...duplicates];
}

function describeOddities(
  path: string,
  unknown: readonly string[],
  duplicate: readonly string[],
): readonly string[] {
  const parts = [
    ...(unknown.length > 0 ? [`unknown fields are ignored: ${unknown.join(', ')}`] : []),
    ...(duplicate.length > 0 ? [`of duplicate fields the last counts: ${duplicate.join(', ')}`] : []),
  ];
  return parts.length === 0 ? [] : [`${path}: ${parts.join('; ')}`];
}
