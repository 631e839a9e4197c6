/** Other proxies on the node, whose rules may take connections. */
import type { OtherProxyRow } from '../state/family-tables.ts';
import type { Table } from '../state/table.ts';
import { OTHER_PROXY_PROCESSES, OTHER_PROXY_RETURNS, OTHER_PROXY_RULES } from './catalogue/own.ts';
import type { Registry } from './registry.ts';

/** @param tables of the families that are proxied; nothing is told of one in which nobody has looked yet */
export function registerOtherProxyMetrics(
  registry: Registry,
  tables: readonly Pick<Table<OtherProxyRow>, 'rows'>[],
): void {
  const rows = () => tables.flatMap(({ rows }) => [...rows]);
  registry.collected(OTHER_PROXY_RULES, () =>
    rows().map(([family, { rules }]) => ({ labels: { ip_family: family }, value: rules.length > 0 ? 1 : 0 })),
  );
  registry.collected(OTHER_PROXY_RETURNS, () =>
    rows().map(([family, { returns }]) => ({ labels: { ip_family: family }, value: returns })),
  );
  registry.collected(OTHER_PROXY_PROCESSES, () => {
    const counts = rows().map(([, { processes }]) => processes.length);
    return counts.length === 0 ? [] : [{ labels: {}, value: Math.max(...counts) }];
  });
}
