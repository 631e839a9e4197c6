/** One document of what a file and the command line say. */
import { FIELDS } from './configuration.ts';
import { type ConfigDocument, valueAt, withValue } from './document.ts';
import { FLAGS } from './flag-table.ts';
import type { GivenFlags } from './flags.ts';

/** The flags that count beside a file. */
export function flagsBesideFile(flags: GivenFlags): GivenFlags {
  const names = new Set(FLAGS.filter(({ besideConfig }) => besideConfig).map(({ name }) => name));
  return Object.fromEntries(Object.entries(flags).filter(([name]) => names.has(name)));
}

/** What kube-proxy means without a file, where that is not what it means with one. */
export function flagDefaults(): ConfigDocument {
  return FIELDS.reduce<ConfigDocument>(
    (document, { path, flagDefault }) =>
      flagDefault === undefined ? document : withValue(document, path, flagDefault),
    {},
  );
}

/** Flags win over the file; an empty name is no name, and lists of verbosities are joined. */
export function overlay(file: ConfigDocument, flags: GivenFlags): ConfigDocument {
  let document = file;
  for (const { name, kind, fields } of FLAGS) {
    const value = flags[name];
    if (value === undefined || (name === 'hostname-override' && value === '')) continue;
    for (const path of fields) {
      const before = valueAt(file, path);
      const isJoined = kind === 'vmodule' && Array.isArray(before) && Array.isArray(value);
      document = withValue(document, path, isJoined ? [...before, ...value] : value);
    }
  }
  return document;
}
