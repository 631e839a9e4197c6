/** Warns in the log of what is wrong with the addresses of the node, and says when it no longer is. */
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { Logger } from '../log/logger.ts';
import type { NodeState } from './node-state.ts';

export interface ObservedNode extends Pick<NodeState, 'nodePortObstacle' | 'addressObstacle'> {
  /** Why a family that the node has is not proxied. */
  readonly supportObstacle: (family: IpFamily) => string | undefined;
}

interface Concern {
  readonly obstacle: (node: ObservedNode, family: IpFamily) => string | undefined;
  readonly consequence: string;
  readonly recovery: string;
}

const CONCERNS: readonly Concern[] = [
  {
    obstacle: (node, family) => node.nodePortObstacle(family),
    consequence: "; NodePorts and their health checks can't be reached",
    recovery: 'NodePorts and their health checks can be reached again',
  },
  {
    obstacle: (node, family) => node.addressObstacle(family),
    consequence: '',
    recovery: "an interface has the node's address again",
  },
  {
    obstacle: (node, family) => {
      const reason = node.supportObstacle(family);
      return reason && `the node has ${family} addresses, but ${family} is not proxied: ${reason}`;
    },
    consequence: '',
    recovery: 'the node has no addresses any more of the IP family that is not proxied',
  },
];

export class NodeWarnings {
  readonly #node: ObservedNode;
  readonly #logger: Logger;
  readonly #told = new Map<string, string>();

  constructor(node: ObservedNode, logger: Logger) {
    this.#node = node;
    this.#logger = logger;
  }

  /** To be called whenever the node may have changed. */
  update(): void {
    for (const family of IP_FAMILIES) for (const concern of CONCERNS) this.#tell(family, concern);
  }

  #tell(family: IpFamily, { obstacle, consequence, recovery }: Concern): void {
    const key = `${family} ${recovery}`;
    const now = obstacle(this.#node, family);
    if (now === this.#told.get(key)) return;
    if (now === undefined) {
      this.#told.delete(key);
      this.#logger.info({ family }, recovery);
    } else {
      this.#told.set(key, now);
      this.#logger.warn({ family }, `${now}${consequence}`);
    }
  }
}
