/** Nodes that a load balancer may send traffic to (load-balancer § 2.2): those that are not ready stay, its health checks decide. */
import { isDeepStrictEqual } from 'node:util';
import { EXCLUDE_LABEL, isExcludedByLabel, isToBeDeleted } from '../kubernetes/node-exclusion.ts';
import type { Node } from '../kubernetes/objects.ts';

export interface NodeSetOptions {
  /** Nodes with the label are taken all the same: on clusters of one node kubeadm sets it on that. */
  readonly ignoresExcludeLabel: boolean;
}

/** Why a node gets no traffic from load balancers; undefined: it may. */
export function whyExcluded(
  node: Pick<Node, 'deleting' | 'labels' | 'taintKeys'>,
  { ignoresExcludeLabel }: NodeSetOptions,
): 'deleting' | 'label' | 'taint' | undefined {
  if (node.deleting) return 'deleting';
  if (isExcludedByLabel(node) && !ignoresExcludeLabel) return 'label';
  return isToBeDeleted(node) ? 'taint' : undefined;
}

/** Whether it makes a difference to a load balancer which of the two a node is. */
export function isSameForBalancers(a: Node, b: Node, options: NodeSetOptions): boolean {
  return (
    whyExcluded(a, options) === whyExcluded(b, options) &&
    a.isReady === b.isReady &&
    a.isNetworkUnavailable === b.isNetworkUnavailable &&
    isDeepStrictEqual(a.internalIPs, b.internalIPs) &&
    isDeepStrictEqual(a.externalIPs, b.externalIPs)
  );
}

/** Why there is no node for anybody, as people read it; undefined: there is one. */
export function describeNoNodes(nodes: Iterable<Node>, options: NodeSetOptions): string | undefined {
  const labelled: string[] = [];
  const leaving: string[] = [];
  for (const node of nodes) {
    const why = whyExcluded(node, options);
    if (why === undefined) return undefined;
    (why === 'label' ? labelled : leaving).push(node.name);
  }
  if (labelled.length > 0) {
    return `no node may have load-balancer traffic: the label ${EXCLUDE_LABEL} is on ${named(labelled)}; take it away, or run menwei lb with --ignore-exclude-label`;
  }
  if (leaving.length > 0)
    return `no node may have load-balancer traffic: ${named(leaving)} about to be deleted`;
  return 'there are no nodes';
}

const MOST_NAMED = 5;

function named(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED;
  return `${[...names].sort().slice(0, MOST_NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
