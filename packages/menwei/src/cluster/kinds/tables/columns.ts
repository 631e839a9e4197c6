/** Columns, and cells that many tables share (cluster § 8.1). */
import type { ColumnDefinition } from '../kind-rules.ts';

export const NAME_COLUMN: ColumnDefinition = { ...column('Name'), format: 'name' };

export const NONE = '<none>';
const MAX_LISTED = 3;

/** @param priority 1: shown with `-o wide` only */
export function column(name: string, priority: 0 | 1 = 0): ColumnDefinition {
  return { name, type: 'string', format: '', description: '', priority };
}

export function columns(...names: readonly string[]): readonly ColumnDefinition[] {
  return names.map((name) => (name === 'Name' ? NAME_COLUMN : column(name)));
}

/** Shown with `-o wide` only. */
export function wideColumns(...names: readonly string[]): readonly ColumnDefinition[] {
  return names.map((name) => column(name, 1));
}

/** `a,b,c + 2 more...` */
export function formatFirst(texts: readonly string[]): string {
  const first = texts.slice(0, MAX_LISTED).join(',');
  return texts.length > MAX_LISTED ? `${first} + ${texts.length - MAX_LISTED} more...` : first;
}

/** `a=b,c=d`, by key. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.toSorted().join(',') || NONE;
}

/** Where a load balancer listens: addresses, or names where it has none. */
export function formatPoints(
  points: readonly { readonly ip?: string; readonly hostname?: string }[] | null | undefined,
): string {
  const texts = (points ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((text) => text !== '');
  return [...new Set(texts)].sort().join(',');
}
