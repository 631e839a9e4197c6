/** What a user is told of settings that are accepted, and are not what they may seem to be: a line each. */
import { FIELDS } from './configuration.ts';
import { type ConfigDocument, valueAt } from './document.ts';
import { parseDuration } from './duration.ts';
import { isGateWithoutEffect } from './feature-gates.ts';
import { type Field, isRecord } from './field.ts';
import { FLAGS, type Flag } from './flag-table.ts';
import type { GivenFlags } from './flags.ts';

/** Flags that do not count beside a file. */
export function describeIgnored(given: GivenFlags, counting: GivenFlags): readonly string[] {
  const names = FLAGS.map(({ name }) => name).filter((name) => name in given && !(name in counting));
  if (names.length === 0) return [];
  return [`with --config these flags are ignored: ${names.map((name) => `--${name}`).join(', ')}`];
}

/** Flags that another one has taken the place of. */
export function describeDeprecated(flags: GivenFlags): readonly string[] {
  return FLAGS.flatMap(({ name, deprecated }) =>
    flags[name] === undefined || deprecated === undefined
      ? []
      : [`--${name} is deprecated: use ${deprecated}`],
  );
}

/** Fields and flags that are accepted and change nothing here. */
export function describeWithoutEffect(file: ConfigDocument, flags: GivenFlags): readonly string[] {
  const names = [...flagsWithoutEffect(flags).map((name) => `--${name}`), ...fieldsWithoutEffect(file)];
  return names.length === 0 ? [] : [`these settings have no effect: ${names.join(', ')}`];
}

/** Paths of the fields that say something in vain. Tools write out whole files, so empty and zero values say nothing. */
function fieldsWithoutEffect(document: ConfigDocument): readonly string[] {
  return FIELDS.filter(({ withoutEffect, kind }) => withoutEffect === true || kind === 'gates').flatMap(
    (field) => {
      const value = valueAt(document, field.path);
      if (field.kind === 'gates') return gatesWithoutEffect(value).map((name) => `${field.path}.${name}`);
      return saysNothing(value, field) ? [] : [field.path];
    },
  );
}

/** Names of flags on the command line that say something in vain. */
function flagsWithoutEffect(flags: GivenFlags): readonly string[] {
  return FLAGS.flatMap((flag) => {
    const { name, kind, withoutEffect } = flag;
    const value = flags[name];
    if (value === undefined) return [];
    if (kind === 'gates') return gatesWithoutEffect(value).map((gate) => `${name}=${gate}`);
    if (name === 'healthz-port' || name === 'metrics-port') return value === 0 ? [] : [name];
    return withoutEffect && !saysNothing(value, flag) ? [name] : [];
  });
}

function gatesWithoutEffect(gates: unknown): readonly string[] {
  if (!isRecord(gates)) return [];
  return Object.keys(gates).filter((name) => isGateWithoutEffect(name, gates[name] === true));
}

function saysNothing(value: unknown, field: Pick<Field | Flag, 'kind' | 'default'>): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (value === undefined || value === '' || value === 0 || value === false) return true;
  if (String(value) === field.default) return true;
  return (
    field.kind === 'duration' && [0, parseDuration(field.default)].includes(parseDuration(String(value)))
  );
}
