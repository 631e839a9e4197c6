/** The podCIDRs of the node, where the pods of the node are told by them: what was programmed once is for those. */
import type { NodeState } from '../proxy/node-state.ts';

export class PodCIDRs {
  readonly #node: Pick<NodeState, 'node' | 'usesPodCIDRs'>;
  #first: readonly string[] | undefined;

  constructor(node: Pick<NodeState, 'node' | 'usesPodCIDRs'>) {
    this.#node = node;
  }

  /** Why the process must be started again, as upstream; undefined: nothing has changed that matters. */
  look(): string | undefined {
    const { node, usesPodCIDRs } = this.#node;
    if (!usesPodCIDRs || node === undefined || node.podCIDRs.length === 0) return undefined;
    const { name, podCIDRs } = node;
    this.#first ??= podCIDRs;
    if (this.#first.join() === podCIDRs.join()) return undefined;
    return `podCIDRs of node ${name} changed from ${this.#first.join(', ')} to ${podCIDRs.join(', ')}; detectLocalMode NodeCIDR takes them at a start only`;
  }
}
