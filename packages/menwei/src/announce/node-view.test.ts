import { expect, it } from 'vitest';
import type { Lease } from '../kubernetes/load-balancer-objects.ts';
import { ObjectTables } from '../state/object-tables.ts';
import { Election } from './election/election.ts';
import { LEASE_ANNOTATIONS, NODE_LEASE_PREFIX, type NodeAnnouncement } from './node-lease.ts';
import { NodeView } from './node-view.ts';

const own: NodeAnnouncement = {
  node: 'node-a',
  ...{ interfaces: [], owns: [], declines: [], conflicts: [] },
  ...{ isHandingOver: false, restartingUntilMs: 0, startedAtMs: 0 },
};

it('tells what can’t be read of a Lease once, however often that is renewed', () => {
  const tables = new ObjectTables('node-a');
  const told: string[] = [];
  using view = new NodeView({
    ...{ node: 'node-a', namespace: 'ns', longestRenewalMs: 3_000, tables },
    ...{ ignoresExcludeLabel: false, needsNodeObject: true },
    election: new Election({ announcesWithoutEndpoints: false }),
    onChange: () => undefined,
    onProblem: (_lease, problem) => told.push(problem),
  });
  const renew = (renewTimeMs: number, owns: string): void => {
    const lease: Lease = {
      ...{ kind: 'Lease', namespace: 'ns', name: `${NODE_LEASE_PREFIX}node-b`, uid: '' },
      ...{ holderIdentity: 'node-b', leaseDurationMs: 6_000, renewTimeMs },
      annotations: new Map([[LEASE_ANNOTATIONS.owns, owns]]),
    };
    tables.put(lease);
    view.take(own);
  };
  for (const timeMs of [1, 2, 3]) renew(timeMs, 'nonsense');
  expect(told).toEqual(['menwei.dev/owns: line 1: "nonsense" is not an address']);
  renew(4, '');
  renew(5, 'nonsense');
  expect(told).toHaveLength(2);
});
