/** Says in the log what the node is known by and where ClusterIPs are from, at first and whenever that changes. */
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import type { Logger } from '../log/logger.ts';
import type { NodeState } from './node-state.ts';

type LoggedNode = Pick<NodeState, 'ips' | 'node' | 'serviceCIDRs'>;

export class NodeLog {
  readonly #node: LoggedNode;
  readonly #logger: Logger;
  #isSettled = false;
  #told = '';
  #toldRanges = '';

  constructor(node: LoggedNode, logger: Logger) {
    this.#node = node;
    this.#logger = logger;
  }

  /** A Node object is no longer waited for: what is known without one counts. */
  settled(): void {
    this.#isSettled = true;
    this.update();
  }

  /** To be called whenever the node may have changed. */
  update(): void {
    this.#updateRanges();
    const fields = describe(this.#node);
    const told = JSON.stringify(fields);
    if ((this.#node.node === undefined && !this.#isSettled) || told === this.#told) return;
    this.#told = told;
    const message = this.#hasAddress()
      ? 'node addresses'
      : 'no address of the node is known; --node-ip gives it one';
    this.#logger.info(fields, message);
  }

  /** Modes that have no use for them don't know any. */
  #updateRanges(): void {
    const ranges = IP_FAMILIES.flatMap((family) => this.#node.serviceCIDRs.of(family)).join(', ');
    if (ranges === this.#toldRanges) return;
    this.#toldRanges = ranges;
    this.#logger.info({ serviceCIDRs: ranges || 'none' }, 'service CIDRs');
  }

  #hasAddress(): boolean {
    return Object.keys(this.#node.ips.sources).length > 0;
  }
}

/** Each address with who says so: `10.0.0.1 (Node object)`. */
function describe({ ips, node }: LoggedNode) {
  const { primaryFamily, byFamily, sources } = ips;
  const known = IP_FAMILIES.flatMap((family) => {
    const source = sources[family];
    return source === undefined ? [] : [[family, `${byFamily[family]} (${source})`] as const];
  });
  return {
    ...(node === undefined ? {} : { node: node.name }),
    ...Object.fromEntries(known),
    primaryFamily,
    podCIDRs: node?.podCIDRs.join(', ') || 'none',
    ...(node?.zone ? { zone: node.zone } : {}),
  };
}
