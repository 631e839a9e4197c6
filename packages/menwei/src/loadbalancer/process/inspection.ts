/** What `menwei lb explain` and `menwei lb pools` print, whoever tells it. */
import { explainServices } from '../explain/explanation.ts';
import { formatExplanation, formatExplanations } from '../explain/format-explanation.ts';
import { formatPools } from '../explain/format-pools.ts';
import type { KnownCluster } from '../explain/known-cluster.ts';
import { describePool } from '../explain/pool-row.ts';

/** `text`: for people. */
export type InspectionFormat = 'text' | 'json';

/** @param service all, where there is none. Undefined: there is no such Service */
export function printExplanation(
  known: KnownCluster,
  service: string | undefined,
  format: InspectionFormat,
): string | undefined {
  const explanations = explainServices(known, service);
  const [first] = explanations;
  if (service !== undefined && first === undefined) return undefined;
  if (format === 'json') return printJson(explanations);
  return service !== undefined && first !== undefined
    ? formatExplanation(first)
    : formatExplanations(explanations);
}

export function printPools({ allocator }: KnownCluster, format: InspectionFormat): string {
  const pools = allocator.pools.map(describePool);
  return format === 'json' ? printJson(pools) : formatPools(pools);
}

function printJson(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
