/** Settings that are accepted, because kube-proxy has them, but change nothing yet. */
import { type ConfigDocument, isRecord } from './document.ts';
import { FLAGS } from './flag-table.ts';
import type { GivenFlags } from './flags.ts';

/** Fields, or all fields below. */
const FIELDS: readonly string[] = [
  'clientConnection.acceptContentTypes',
  'conntrack',
  'enableProfiling',
  'featureGates',
  'logging.flushFrequency',
  'logging.options',
  'logging.vmodule',
  'oomScoreAdj',
  'showHiddenMetricsForVersion',
  'windowsRunAsService',
  'winkernel',
];

/** Paths of the fields that say something in vain. Tools write out whole files, so empty and zero values say nothing. */
export function fieldsWithoutEffect(document: ConfigDocument): readonly string[] {
  return settledPaths(document, '').filter(hasNoEffect);
}

/** Names of flags on the command line that say something in vain. */
export function flagsWithoutEffect(flags: GivenFlags): readonly string[] {
  return FLAGS.filter(({ name, fields, withoutEffect = false }) => {
    const value = flags[name];
    if (value === undefined) return false;
    if (name === 'healthz-port' || name === 'metrics-port') return value !== 0;
    return withoutEffect || (fields.length > 0 && fields.every(hasNoEffect));
  }).map(({ name }) => name);
}

function hasNoEffect(path: string): boolean {
  return FIELDS.some((field) => path === field || path.startsWith(`${field}.`));
}

function settledPaths(value: unknown, path: string): readonly string[] {
  if (isRecord(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      settledPaths(inner, path === '' ? key : `${path}.${key}`),
    );
  }
  return saysNothing(value) ? [] : [path];
}

function saysNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === '' || value === '0' || value === 0 || value === false;
}
