/** Who had an address before this node, and how it came to have it no more. */
import type { Cause } from './duty.ts';
import type { NodeTest } from './election/announcing-node.ts';
import type { Election } from './election/election.ts';
import type { NodeView } from './node-view.ts';
import type { ProbeTiming } from './speaker.ts';

/** The former owner has stopped, or is not there: three questions, a fifth of a second apart (load-balancer § 5.6). */
const PROBE: ProbeTiming = { count: 3, intervalMs: 200 };
/** Nobody can say whether it has stopped: three questions, a second apart (load-balancer § 5.2). */
const SLOW_PROBE: ProbeTiming = { count: 3, intervalMs: 1_000 };
/** The heartbeat has said so, and waited. */
const QUICK_PROBE: ProbeTiming = { count: 3, intervalMs: 100 };

const CAUSES: Partial<Record<NodeTest, Cause>> = {
  LiveLease: 'lease-expired',
  NotHandingOver: 'handover',
  NodeExists: 'drain',
  NotDeleting: 'drain',
  NotToBeDeleted: 'drain',
  NotExcluded: 'drain',
  NetworkAvailable: 'drain',
  Interface: 'interface',
  LocalEndpoint: 'endpoint',
  Programmed: 'proxy',
};

export class FormerOwners {
  readonly #election: Election;
  readonly #nodes: Pick<NodeView, 'suspected'>;
  /** As far as this node has seen. */
  readonly #names = new Map<string, string>();

  constructor(election: Election, nodes: Pick<NodeView, 'suspected'>) {
    this.#election = election;
    this.#nodes = nodes;
  }

  /** Another node than this one is the owner now, or none is. */
  note(address: string): void {
    const { decisions } = this.#election;
    const owner = decisions.get(address)?.owner;
    if (owner?.sinceMs !== undefined) this.#names.set(address, owner.name);
    else if (!decisions.has(address)) this.#names.delete(address);
  }

  forget(address: string): void {
    this.#names.delete(address);
  }

  /** Undefined: nobody had it. */
  causeOf(address: string): Cause | undefined {
    const former = this.#names.get(address);
    if (former === undefined) return undefined;
    const node = this.#election.nodes.get(former);
    if (node === undefined) return 'lease-expired';
    const test = node.failed?.test ?? this.#election.eligibility(address).failures.get(former)?.test;
    const suspicion = this.#nodes.suspected.get(former);
    if (test === 'LiveLease' && suspicion !== undefined) return suspicion;
    return (test === undefined ? undefined : CAUSES[test]) ?? 'released';
  }
}

/** How the segment is asked before an address is taken. */
export function probeTiming(cause: Cause): ProbeTiming {
  if (cause === 'heartbeat') return QUICK_PROBE;
  return cause === 'unreachable' ? SLOW_PROBE : PROBE;
}
