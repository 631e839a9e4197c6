/** What keeps a Node out of load balancers whatever its health is: the rules of upstream's service controller (load-balancer § 2.2). */
import type { Node } from './objects.ts';

/** The cluster autoscaler's announcement that the node goes away. */
export const TO_BE_DELETED_TAINT = 'ToBeDeletedByClusterAutoscaler';
export const EXCLUDE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers';
/** What upstream reads as false; all else, an empty value too, excludes the node (LQ-6). */
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'False', 'FALSE']);

export function isExcludedByLabel({ labels }: Pick<Node, 'labels'>): boolean {
  const value = labels.get(EXCLUDE_LABEL);
  return value !== undefined && !FALSE.has(value);
}

export function isToBeDeleted({ taintKeys }: Pick<Node, 'taintKeys'>): boolean {
  return taintKeys.includes(TO_BE_DELETED_TAINT);
}
