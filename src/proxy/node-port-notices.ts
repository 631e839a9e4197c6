/** Tells the log when nobody can reach the node's NodePorts, and when somebody can again. */
import type { IpFamily } from '../addresses/ip.ts';
import type { Logger } from '../log/logger.ts';
import type { NodeState } from './node-state.ts';

export class NodePortNotices {
  readonly #families: readonly IpFamily[];
  readonly #node: Pick<NodeState, 'nodePortObstacle'>;
  readonly #logger: Logger;
  readonly #told = new Map<IpFamily, string>();

  constructor(families: readonly IpFamily[], node: Pick<NodeState, 'nodePortObstacle'>, logger: Logger) {
    this.#families = families;
    this.#node = node;
    this.#logger = logger;
  }

  /** To be called whenever the node may have changed. */
  update(): void {
    for (const family of this.#families) {
      const obstacle = this.#node.nodePortObstacle(family);
      const told = this.#told.get(family);
      if (obstacle === told) continue;
      if (obstacle === undefined) {
        this.#told.delete(family);
        this.#logger.info({ family }, 'NodePorts and their health checks can be reached again');
      } else {
        this.#told.set(family, obstacle);
        this.#logger.warn({ family }, `${obstacle}; NodePorts and their health checks can't be reached`);
      }
    }
  }
}
