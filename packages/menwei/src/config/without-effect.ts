/** Settings of kube-proxy that change nothing: accepted with a warning, or refused where that would do harm. */
import { FIELDS } from './configuration.ts';
import { type ConfigDocument, type FieldError, valueAt } from './document.ts';
import { parseDuration } from './duration.ts';
import { type Field, isRecord } from './field.ts';
import { FLAGS } from './flag-table.ts';
import type { GivenFlags } from './flags.ts';

/** Who gives one of these counts on it, and would not find out in time that nothing happened. */
export function harmfulIfIgnored(flags: GivenFlags, document: ConfigDocument): readonly FieldError[] {
  const { 'init-only': initOnly } = flags;
  const gate = 'AllowServiceExternalIPs';
  const allowed = 'is not supported yet, and the proxy would run until it is stopped';
  return [
    ...(initOnly === true ? [{ field: '--init-only', value: true, allowed }] : []),
    ...(valueAt(document, `featureGates.${gate}`) === false
      ? [
          {
            field: `featureGates.${gate}`,
            value: false,
            allowed: `${gate} can't be turned off yet, and Services would get their external IPs`,
          },
        ]
      : []),
  ];
}

/** Paths of the fields that say something in vain. Tools write out whole files, so empty and zero values say nothing. */
export function fieldsWithoutEffect(document: ConfigDocument): readonly string[] {
  return FIELDS.filter((field) => field.withoutEffect === true).flatMap((field) => {
    const value = valueAt(document, field.path);
    // A feature gate that is turned off says something.
    if (field.kind === 'gates' && isRecord(value))
      return Object.keys(value).map((name) => `${field.path}.${name}`);
    return saysNothing(value, field) ? [] : [field.path];
  });
}

/** Names of flags on the command line that say something in vain. */
export function flagsWithoutEffect(flags: GivenFlags): readonly string[] {
  return FLAGS.filter(({ name, withoutEffect }) => {
    const value = flags[name];
    if (name === 'healthz-port' || name === 'metrics-port') return value !== undefined && value !== 0;
    return withoutEffect && value !== undefined;
  }).map(({ name }) => name);
}

function saysNothing(value: unknown, field: Field): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (value === undefined || value === '' || value === 0 || value === false) return true;
  if (String(value) === field.default) return true;
  return (
    field.kind === 'duration' && [0, parseDuration(field.default)].includes(parseDuration(String(value)))
  );
}
