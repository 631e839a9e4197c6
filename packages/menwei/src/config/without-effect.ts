/** Settings of kube-proxy that change nothing: accepted with a warning. */
import { FIELDS } from './configuration.ts';
import { type ConfigDocument, valueAt } from './document.ts';
import { parseDuration } from './duration.ts';
import { isGateWithoutEffect } from './feature-gates.ts';
import { type Field, isRecord } from './field.ts';
import { FLAGS, type Flag } from './flag-table.ts';
import type { GivenFlags } from './flags.ts';

/** Paths of the fields that say something in vain. Tools write out whole files, so empty and zero values say nothing. */
export function fieldsWithoutEffect(document: ConfigDocument): readonly string[] {
  return FIELDS.filter(({ withoutEffect, kind }) => withoutEffect === true || kind === 'gates').flatMap(
    (field) => {
      const value = valueAt(document, field.path);
      if (field.kind === 'gates') return gatesWithoutEffect(value).map((name) => `${field.path}.${name}`);
      return saysNothing(value, field) ? [] : [field.path];
    },
  );
}

/** Names of flags on the command line that say something in vain. */
export function flagsWithoutEffect(flags: GivenFlags): readonly string[] {
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
