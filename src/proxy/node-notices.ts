/** Tells the log what is wrong with the node's addresses, and when it no longer is. */
import type { IpFamily } from '../addresses/ip.ts';
import type { Logger } from '../log/logger.ts';
import type { NodeState } from './node-state.ts';

type ObservedNode = Pick<NodeState, 'nodePortObstacle' | 'addressObstacle'>;

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
];

export class NodeNotices {
  readonly #families: readonly IpFamily[];
  readonly #node: ObservedNode;
  readonly #logger: Logger;
  readonly #told = new Map<string, string>();

  constructor(families: readonly IpFamily[], node: ObservedNode, logger: Logger) {
    this.#families = families;
    this.#node = node;
    this.#logger = logger;
  }

  /** To be called whenever the node may have changed. */
  update(): void {
    for (const family of this.#families) for (const concern of CONCERNS) this.#tell(family, concern);
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
