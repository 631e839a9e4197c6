/** What is told of a pool: its addresses, how many are left, who may have them, and what is wrong with it. */
import type { LabelSelector } from '../../kubernetes/load-balancer-objects.ts';
import type { PoolReport } from '../pools/pool-report.ts';

export interface PoolRow {
  readonly name: string;
  readonly kind: string;
  /** As their author wrote them. */
  readonly ranges: readonly string[];
  /** Who may have an address of it, and how: `all Services`, `namespaces a, b; only by request`. */
  readonly allowed: string;
  /** Why it gives nothing new to anybody; undefined: it does. */
  readonly problem: string | undefined;
  /** Those of which it has addresses. */
  readonly families: readonly {
    readonly family: string;
    /** Numbers of JSON can't tell how many some have. */
    readonly size: string;
    readonly inUse: number;
    readonly quarantined: number;
    readonly free: string;
  }[];
}

export function describePool({ pool, problem, families }: PoolReport): PoolRow {
  return {
    name: pool.name,
    kind: pool.kind,
    ranges: pool.ranges.map(({ text }) => text),
    allowed: describeAllowed(pool),
    problem,
    families: families.map(({ family, size, inUse, quarantined }) => ({
      family,
      size: String(size),
      inUse,
      quarantined,
      free: String(size - BigInt(inUse) - BigInt(quarantined)),
    })),
  };
}

function describeAllowed({ serviceAllocation, autoAssign, allowExplicit }: PoolReport['pool']): string {
  const { namespaces = [], namespaceSelectors = [], serviceSelectors = [] } = serviceAllocation ?? {};
  const who = [
    ...(namespaces.length === 0 ? [] : [`namespaces ${namespaces.join(', ')}`]),
    ...namespaceSelectors.map((selector) => `namespaces with ${describeSelector(selector)}`),
  ];
  const which = serviceSelectors.map((selector) => `Services with ${describeSelector(selector)}`);
  const parts = [
    ...(who.length === 0 && which.length === 0 ? ['all Services'] : []),
    ...(who.length === 0 ? [] : [who.join(' or ')]),
    ...(which.length === 0 ? [] : [which.join(' or ')]),
    ...(serviceAllocation === undefined ? [] : [`priority ${serviceAllocation.priority}`]),
    ...(autoAssign ? [] : ['only by request']),
    ...(allowExplicit ? [] : ['no single address by request']),
  ];
  return parts.join('; ');
}

/** As kubectl writes selectors. */
function describeSelector({ requirements }: LabelSelector): string {
  return requirements.length === 0 ? 'any labels' : requirements.map(describeRequirement).join(',');
}

function describeRequirement({ key, operator, values }: LabelSelector['requirements'][number]): string {
  switch (operator) {
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(',')})`;
    case 'NotIn':
      return `${key} notin (${values.join(',')})`;
  }
}
