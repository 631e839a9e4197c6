/** The checks of this node as part of those of all nodes: who checks what, and what they think together (health § 5). */
import type { TargetOrder, TargetOrders, VerdictChange } from '../machine/target.ts';
import { Assignment, type SharedVerdict } from './assignment.ts';
import { HEALTH_LEASE_TIMING } from './own-health-lease.ts';
import { Peers } from './peers.ts';
import { SharedHealth, type SharedHealthOptions } from './shared-health.ts';

interface SharingOptions
  extends Pick<SharedHealthOptions, 'openClient' | 'timing' | 'node' | 'zone' | 'logger'> {
  readonly endpointOf: (order: TargetOrder) => string;
  /** What is to be checked here has changed with the nodes. */
  readonly send: (orders: TargetOrders) => void;
  readonly tell: (verdict: SharedVerdict) => void;
}

/** How often it is looked who has fallen silent. */
const LOOKS_IN_FRESH = 10;

export class Sharing {
  readonly #options: SharingOptions;
  readonly #assignment: Assignment;
  readonly #peers: Peers;
  readonly #shared: SharedHealth;
  #wasConnected = false;

  constructor(options: SharingOptions) {
    const { node, timing = HEALTH_LEASE_TIMING } = options;
    this.#options = options;
    this.#peers = new Peers(timing.freshMs);
    this.#assignment = new Assignment(node, this.#peers);
    this.#shared = new SharedHealth({
      ...options,
      peers: this.#peers,
      down: () => this.#assignment.down(),
      onNews: (endpoints) => this.#news(endpoints),
    });
  }

  /** Returns what of it is to be checked here. */
  order(orders: TargetOrders): TargetOrders {
    const own = this.#assignment.order(orders, this.#options.endpointOf);
    if (this.#assignment.isShared && orders.add.length > 0) this.#judge();
    return own;
  }

  found(change: VerdictChange): void {
    const { news, isToldOthers } = this.#assignment.found(change, performance.now());
    if (news !== undefined) this.#options.tell(news);
    if (isToldOthers) this.#shared.changed();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { freshMs } = this.#options.timing ?? HEALTH_LEASE_TIMING;
    const look = setInterval(() => this.#look(), freshMs / LOOKS_IN_FRESH);
    try {
      await this.#shared.run(signal);
    } finally {
      clearInterval(look);
    }
  }

  #news(endpoints: readonly string[]): void {
    if (this.#assignment.isShared && endpoints.length > 0) this.#judge(endpoints);
  }

  #look(): void {
    const nowMs = performance.now();
    const isConnected = this.#peers.isConnected(nowMs);
    const orders = this.#assignment.reassign(nowMs);
    if (orders !== undefined) this.#options.send(orders);
    if (orders !== undefined || isConnected !== this.#wasConnected) this.#judge();
    this.#wasConnected = isConnected;
  }

  #judge(endpoints?: readonly string[]): void {
    for (const verdict of this.#assignment.judgeAll(performance.now(), endpoints))
      this.#options.tell(verdict);
  }
}
