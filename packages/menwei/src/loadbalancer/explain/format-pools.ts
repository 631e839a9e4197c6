/** `menwei lb pools`: a line for each pool and family. */
import type { PoolRow } from './pool-row.ts';
import { formatTable } from './text-table.ts';

const TITLES = ['POOL', 'FAMILY', 'SIZE', 'IN-USE', 'FREE', 'QUARANTINED', 'RANGES', 'FOR', 'PROBLEM'];

export function formatPools(pools: readonly PoolRow[]): string {
  if (pools.length === 0) return 'No address pools.\n';
  return formatTable(TITLES, pools.flatMap(linesOf));
}

function linesOf({ name, families, ranges, allowed, problem = '' }: PoolRow): readonly (readonly string[])[] {
  const about = [ranges.join(', '), allowed, problem];
  if (families.length === 0) return [[name, '', '0', '0', '0', '0', ...about]];
  return families.map(({ family, size, inUse, quarantined, free }) => {
    return [name, family, size, String(inUse), free, String(quarantined), ...about];
  });
}
