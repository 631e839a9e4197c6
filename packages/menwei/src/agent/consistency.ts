/** Says once what of the settings does not fit the node, and ends the process where that can't be gone on with. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { findInconsistencies } from '../config/consistency.ts';
import type { Settings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import type { NodeState } from '../proxy/node-state.ts';

interface ConsistencyOptions {
  readonly settings: Settings;
  readonly node: Pick<NodeState, 'ips' | 'node'>;
  readonly served: readonly IpFamily[];
  readonly logger: Logger;
}

export class Consistency {
  readonly #options: ConsistencyOptions;
  readonly #told = new Set<string>();
  #hasLooked = false;

  constructor(options: ConsistencyOptions) {
    this.#options = options;
  }

  /**
   * To be called when the node is known, and when it has changed. Returns why the process can't begin; undefined: it can. What runs
   * goes on.
   */
  look(): string | undefined {
    const isFirst = !this.#hasLooked;
    this.#hasLooked = true;
    const { settings, node, served, logger } = this.#options;
    const { primaryFamily } = node.ips;
    const podCIDRs = node.node?.podCIDRs ?? [];
    for (const { message, isFatal } of findInconsistencies(settings, { primaryFamily, served, podCIDRs })) {
      if (isFatal && isFirst) return message;
      if (!this.#told.has(message)) logger.warn({}, message);
      this.#told.add(message);
    }
    return undefined;
  }
}
