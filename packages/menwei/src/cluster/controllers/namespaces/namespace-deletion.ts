/** How far the deletion of a namespace is, and what it tells of that (cluster § 10.4). Pure. */
import type { Messages } from '../../schema/messages.ts';

/** What is left of one resource. */
export interface Remainder {
  readonly resource: string;
  readonly group: string;
  readonly count: number;
  /** Of those objects, each with how many have it. */
  readonly finalizers: ReadonlyMap<string, number>;
}

type NamespaceCondition = Messages['core.v1.NamespaceCondition'];

interface Finding {
  readonly type: string;
  /** Undefined: all is well. */
  readonly trouble: string | undefined;
  readonly reasons: readonly [fine: string, troubled: string];
  readonly fine: string;
}

/**
 * @param failure why objects could not be deleted; undefined if they could
 * @param present conditions as they are; times stay unless the status changes
 */
export function deletionConditions(
  remainders: readonly Remainder[],
  failure: string | undefined,
  present: readonly NamespaceCondition[],
  now: string,
): readonly NamespaceCondition[] {
  const findings: readonly Finding[] = [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      trouble: undefined,
      reasons: ['ResourcesDiscovered', 'DiscoveryFailed'],
      fine: 'All resources successfully discovered',
    },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      trouble: undefined,
      reasons: ['ParsedGroupVersions', 'GroupVersionParsingFailed'],
      fine: 'All legacy kube types successfully parsed',
    },
    {
      type: 'NamespaceDeletionContentFailure',
      trouble: failure,
      reasons: ['ContentDeleted', 'ContentDeletionFailed'],
      fine: 'All content successfully deleted, may be waiting on finalization',
    },
    {
      type: 'NamespaceContentRemaining',
      trouble: contentRemaining(remainders),
      reasons: ['ContentRemoved', 'SomeResourcesRemain'],
      fine: 'All content successfully removed',
    },
    {
      type: 'NamespaceFinalizersRemaining',
      trouble: finalizersRemaining(remainders),
      reasons: ['ContentHasNoFinalizers', 'SomeFinalizersRemain'],
      fine: 'All content-preserving finalizers finished',
    },
  ];
  const others = present.filter(({ type }) => !findings.some((finding) => finding.type === type));
  return [...others, ...findings.map((finding) => conditionOf(finding, present, now))];
}

function conditionOf(
  { type, trouble, reasons, fine }: Finding,
  present: readonly NamespaceCondition[],
  now: string,
): NamespaceCondition {
  const status = trouble === undefined ? 'False' : 'True';
  const former = present.find((condition) => condition.type === type);
  return {
    type,
    status,
    lastTransitionTime: former?.status === status ? (former.lastTransitionTime ?? now) : now,
    reason: trouble === undefined ? reasons[0] : reasons[1],
    message: trouble ?? fine,
  };
}

function contentRemaining(remainders: readonly Remainder[]): string | undefined {
  if (remainders.length === 0) return undefined;
  const texts = remainders.map(
    ({ resource, group, count }) => `${resource}.${group} has ${count} resource instances`,
  );
  return `Some resources are remaining: ${texts.sort().join(', ')}`;
}

function finalizersRemaining(remainders: readonly Remainder[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { finalizers } of remainders)
    for (const [name, count] of finalizers) counts.set(name, (counts.get(name) ?? 0) + count);
  if (counts.size === 0) return undefined;
  const texts = Array.from(counts, ([name, count]) => `${name} in ${count} resource instances`);
  return `Some content in the namespace has finalizers remaining: ${texts.sort().join(', ')}`;
}
