/** What the first sync waits for: the Node object with its addresses and, where pods are told by them, its podCIDRs (spec § 1.1). */
import type { Node } from '../kubernetes/objects.ts';
import type { Logger } from '../log/logger.ts';

/** Times are milliseconds from when all else is known. */
export interface NodeWaitOptions {
  /** How long a Node with addresses is waited for, whose addresses and zone shape the rules; 0: not at all. */
  readonly nodeGraceMs: number;
  /** For who can't do without podCIDRs. */
  readonly podCIDRs?:
    | {
        /** How much longer they are waited for. */
        readonly graceMs: number;
        /** Called when they have not come. */
        readonly failed: (reason: string) => void;
      }
    | undefined;
  readonly logger: Logger;
}

export class NodeWait {
  readonly #options: NodeWaitOptions;
  #node: Node | undefined;
  /** Addresses are no longer waited for. */
  #isGraceOver: boolean;
  #isOver = false;
  #over: (() => void) | undefined;

  constructor(options: NodeWaitOptions) {
    this.#options = options;
    this.#isGraceOver = options.nodeGraceMs <= 0;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes in the own Node object. */
  take(node: Node): void {
    this.#node = node;
    this.#look();
  }

  /** All else is known. Calls `over` once nothing is waited for any more, at once if that is so. */
  begin(over: () => void): void {
    if (this.#over !== undefined) return;
    this.#over = over;
    if (!this.#look()) setTimeout(() => this.#endGrace(), this.#options.nodeGraceMs).unref();
  }

  #look(): boolean {
    if (this.#isOver || this.#over === undefined) return this.#isOver;
    const { podCIDRs } = this.#options;
    const hasAddresses = this.#node !== undefined && this.#node.addresses.length > 0;
    const hasPodCIDRs = this.#node !== undefined && this.#node.podCIDRs.length > 0;
    if (!(hasAddresses || this.#isGraceOver) || !(hasPodCIDRs || podCIDRs === undefined)) return false;
    this.#isOver = true;
    this.#over();
    return true;
  }

  #endGrace(): void {
    if (this.#isOver) return;
    const { logger, podCIDRs } = this.#options;
    if (this.#node === undefined) {
      logger.error({}, 'Node object of this node not found; continuing without it');
    } else if (this.#node.addresses.length === 0) {
      logger.error({ node: this.#node.name }, 'Node object has no addresses; continuing without them');
    }
    this.#isGraceOver = true;
    if (this.#look() || podCIDRs === undefined) return;
    logger.info({ seconds: podCIDRs.graceMs / 1000 }, 'waiting for the podCIDRs of the Node');
    setTimeout(() => this.#endPodCIDRs(), podCIDRs.graceMs).unref();
  }

  #endPodCIDRs(): void {
    if (this.#isOver) return;
    const what =
      this.#node === undefined ? 'the Node object of this node' : `podCIDRs of node ${this.#node.name}`;
    this.#options.podCIDRs?.failed(`timed out waiting for ${what}, which detectLocalMode NodeCIDR needs`);
  }
}
