/** Says in the log what the node is known by, at first and whenever that changes. */
import { IP_FAMILIES, isLoopback } from '@menwei/addresses/ip.ts';
import type { Logger } from '../log/logger.ts';
import type { NodeState } from './node-state.ts';

type LoggedNode = Pick<NodeState, 'ips' | 'node'>;

export class NodeLog {
  readonly #node: LoggedNode;
  readonly #logger: Logger;
  #told = '';

  constructor(node: LoggedNode, logger: Logger) {
    this.#node = node;
    this.#logger = logger;
  }

  /** To be called whenever the node may have changed. */
  update(): void {
    const fields = describe(this.#node);
    const told = JSON.stringify(fields);
    // Until the Node object is there, what is known is nothing but the settings.
    if (this.#node.node === undefined || told === this.#told) return;
    this.#told = told;
    this.#logger.info(fields, 'node addresses');
  }
}

function describe({ ips, node }: LoggedNode) {
  const { primaryFamily, byFamily } = ips;
  const known = IP_FAMILIES.filter((family) => !isLoopback(byFamily[family]));
  return {
    node: node?.name,
    ...Object.fromEntries(known.map((family) => [family, byFamily[family]])),
    primaryFamily,
    podCIDRs: node?.podCIDRs.join(', ') || 'none',
    ...(node?.zone ? { zone: node.zone } : {}),
  };
}
