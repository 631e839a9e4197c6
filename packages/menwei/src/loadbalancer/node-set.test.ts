import { aNode } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { EXCLUDE_LABEL } from '../kubernetes/node-exclusion.ts';
import { describeNoNodes, isSameForBalancers, whyExcluded } from './node-set.ts';

const OPTIONS = { ignoresExcludeLabel: false };
const labelled = (value: string) => aNode({ labels: new Map([[EXCLUDE_LABEL, value]]) });

describe('the nodes of load balancers', () => {
  it.each(['', 'true', 'yes', 'FALSe', ' false'])('leave out one with the label “%s”', (value) => {
    expect(whyExcluded(labelled(value), OPTIONS)).toBe('label');
    expect(whyExcluded(labelled(value), { ignoresExcludeLabel: true })).toBeUndefined();
  });

  it.each(['0', 'f', 'F', 'false', 'False', 'FALSE'])('have one with the label “%s” (LQ-6)', (value) => {
    expect(whyExcluded(labelled(value), OPTIONS)).toBeUndefined();
  });

  it('leave out those that are about to go, and keep those that are not ready', () => {
    expect(whyExcluded(aNode({ deleting: true }), OPTIONS)).toBe('deleting');
    expect(whyExcluded(aNode({ taintKeys: ['ToBeDeletedByClusterAutoscaler'] }), OPTIONS)).toBe('taint');
    expect(
      whyExcluded(aNode({ isReady: false, taintKeys: ['node.kubernetes.io/not-ready'] }), OPTIONS),
    ).toBeUndefined();
  });

  it('change with addresses, labels, taints and readiness (LQ-2, LQ-7)', () => {
    const node = aNode({ internalIPs: ['192.0.2.1'] });
    expect(isSameForBalancers(node, { ...node, zone: 'b', labels: new Map([['a', 'b']]) }, OPTIONS)).toBe(
      true,
    );
    for (const change of [
      { internalIPs: ['192.0.2.2'] },
      { externalIPs: ['198.51.100.1'] },
      { isReady: false },
      { isNetworkUnavailable: true },
      { taintKeys: ['ToBeDeletedByClusterAutoscaler'] },
      { labels: new Map([[EXCLUDE_LABEL, '']]) },
      { deleting: true },
    ]) {
      expect(isSameForBalancers(node, { ...node, ...change }, OPTIONS)).toBe(false);
    }
  });

  it('are said to be none, with the label that is the reason', () => {
    expect(describeNoNodes([], OPTIONS)).toBe('there are no nodes');
    expect(describeNoNodes([labelled(''), aNode()], OPTIONS)).toBeUndefined();
    const nodes = Array.from({ length: 7 }, (_, index) => ({ ...labelled(''), name: `n${index}` }));
    expect(describeNoNodes(nodes, OPTIONS)).toContain(
      `the label ${EXCLUDE_LABEL} is on n0, n1, n2, n3, n4 and 2 more`,
    );
  });
});
