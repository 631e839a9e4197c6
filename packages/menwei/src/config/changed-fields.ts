/** What is different between two configurations, in the names that a file has for it. */
import { isRecord } from './field.ts';
import type { ConfigurationDocument } from './format.ts';

/** Paths of the fields: `iptables.syncPeriod`; a list is one field. Sorted. */
export function changedFields(
  before: ConfigurationDocument,
  after: ConfigurationDocument,
): readonly string[] {
  return compare(before, after, '').toSorted();
}

function compare(before: unknown, after: unknown, path: string): readonly string[] {
  if (!isRecord(before) || !isRecord(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [path];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) =>
    compare(before[name], after[name], path === '' ? name : `${path}.${name}`),
  );
}
