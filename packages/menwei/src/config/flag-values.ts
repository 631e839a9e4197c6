/** All flags with the values they have, given or not, as a program of Kubernetes shows them at `/flagz`. */
import { formatDuration, parseDuration } from './duration.ts';
import { isRecord } from './field.ts';
import { FLAGS, type Flag } from './flag-table.ts';
import type { GivenFlags } from './flags.ts';

/** By name. No flag holds a secret: credentials are in files that are named here, and refused in `--master`. */
export function formatFlagValues(given: GivenFlags): Readonly<Record<string, string>> {
  return Object.fromEntries(FLAGS.map((flag) => [flag.name, formatValue(flag, given[flag.name])]));
}

/** As Go's pflag prints it. */
function formatValue({ kind, default: preset }: Flag, value: GivenFlags[string] | undefined): string {
  switch (kind) {
    case 'duration':
      return formatDuration(parseDuration(typeof value === 'string' ? value : preset) ?? 0);
    case 'list':
      return `[${value === undefined ? preset : Array.isArray(value) ? value.join(',') : String(value)}]`;
    case 'gates':
      return isRecord(value) ? formatPairs(Object.entries(value)) : preset;
    case 'vmodule':
      return Array.isArray(value) ? formatPairs(value.map(readItem)) : preset;
    case 'bool':
    case 'version':
      return value === undefined ? preset || 'false' : String(value);
    case 'integer':
    case 'number':
      return value === undefined ? preset || '0' : String(value);
    default:
      return value === undefined ? preset : String(value);
  }
}

function readItem(item: unknown): readonly [string, unknown] {
  return isRecord(item) ? [String(item.filePattern), item.verbosity] : [String(item), ''];
}

function formatPairs(pairs: readonly (readonly [string, unknown])[]): string {
  return pairs.map(([name, value]) => `${name}=${String(value)}`).join(',');
}
