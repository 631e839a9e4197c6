/** A resolved configuration as the document that a file holds: KubeProxyConfiguration v1alpha1, all fields, keys sorted. */
import { formatYaml } from '@menwei/yaml/format.ts';
import { API_VERSION, type Configuration, FIELDS, KIND } from './configuration.ts';
import { formatDuration } from './duration.ts';
import { isRecord } from './field.ts';

/** Plain values, durations as text, as JSON has them. */
export type ConfigurationDocument = Readonly<Record<string, unknown>>;

const DURATIONS: ReadonlySet<string> = new Set(
  FIELDS.filter(({ kind }) => kind === 'duration').map(({ path }) => path),
);

/** All fields with their values, defaults too, with apiVersion and kind. */
export function documentOf(configuration: Configuration): ConfigurationDocument {
  return sortedFields({ ...configuration, apiVersion: API_VERSION, kind: KIND }, '');
}

/** YAML; read as a configuration file it means the same, but for a zero that stands for the default there. */
export function formatConfiguration(configuration: Configuration): string {
  return formatYaml(documentOf(configuration));
}

function sortedFields(fields: Readonly<Record<string, unknown>>, prefix: string): ConfigurationDocument {
  const names = Object.keys(fields).sort();
  return Object.fromEntries(names.map((name) => [name, formatField(fields[name], `${prefix}${name}`)]));
}

function formatField(value: unknown, path: string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => formatField(item, path));
  if (isRecord(value)) return sortedFields(value, `${path}.`);
  return typeof value === 'number' && DURATIONS.has(path) ? formatDuration(value) : value;
}
