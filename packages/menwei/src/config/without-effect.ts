/** Settings of kube-proxy that change nothing yet: accepted with a warning, or refused where that would do harm. */
import { type ConfigDocument, type FieldError, isRecord } from './document.ts';
import { FLAGS } from './flag-table.ts';
import type { GivenFlags } from './flags.ts';

/** Fields, or all fields below. */
const FIELDS: readonly string[] = [
  'clientConnection.acceptContentTypes',
  'clientConnection.contentType',
  'configSyncPeriod',
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

/** Who gives one of these counts on it, and would not find out in time that nothing happened. */
export function harmfulIfIgnored(flags: GivenFlags, document: ConfigDocument): readonly FieldError[] {
  const { 'init-only': initOnly } = flags;
  const gate = 'AllowServiceExternalIPs';
  const allowed = 'is not supported yet, and the proxy would run until it is stopped';
  return [
    ...(initOnly === true ? [{ field: '--init-only', value: true, allowed }] : []),
    ...(document.featureGates?.[gate] === false
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
  // A feature gate that is turned off says something.
  return saysNothing(value) && !path.startsWith('featureGates.') ? [] : [path];
}

function saysNothing(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === '' || value === '0' || value === 0 || value === false;
}
