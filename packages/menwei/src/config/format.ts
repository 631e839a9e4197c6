/** A resolved configuration as the document that a file holds: KubeProxyConfiguration v1alpha1, all fields, keys sorted. */
import { formatYaml } from '@menwei/yaml/format.ts';
import type { Configuration } from './defaults.ts';
import { isDuration, isRecord } from './document.ts';
import { formatDuration } from './duration.ts';

/** Plain values, durations as text, as JSON has them. */
export type ConfigurationDocument = Readonly<Record<string, unknown>>;

export function documentOf(configuration: Configuration): ConfigurationDocument {
  return sortedFields(configuration, []);
}

/** YAML; read as a configuration file it means the same, but for a zero that stands for the default there. */
export function formatConfiguration(configuration: Configuration): string {
  return formatYaml(documentOf(configuration));
}

function sortedFields(
  fields: Readonly<Record<string, unknown>>,
  path: readonly string[],
): ConfigurationDocument {
  const names = Object.keys(fields).sort();
  return Object.fromEntries(names.map((name) => [name, formatField(fields[name], [...path, name])]));
}

function formatField(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => formatField(item, path));
  if (isRecord(value)) return sortedFields(value, path);
  return typeof value === 'number' && isDuration(path) ? formatDuration(value) : value;
}
