/** What Prometheus reads of announcing load-balancer addresses. */
import { LB_ADDRESSES_IN_USE, LB_CONFLICTS, LB_FAILOVERS, LB_OWNER_CHECKS } from './catalogue/announcer.ts';
import { LB_ANNOUNCED } from './catalogue/load-balancer.ts';
import type { Registry } from './registry.ts';

interface Announced {
  readonly address: string;
  readonly node: string;
  readonly interface: string;
}

export class AnnounceMetrics {
  readonly #failovers;
  readonly #conflicts;
  readonly #inUse;
  readonly #checks;

  /** @param announced what this node answers for now, by interface */
  constructor(registry: Registry, announced: () => Iterable<Announced>) {
    this.#failovers = registry.counter(LB_FAILOVERS);
    this.#conflicts = registry.counter(LB_CONFLICTS);
    this.#inUse = registry.counter(LB_ADDRESSES_IN_USE);
    this.#checks = registry.counter(LB_OWNER_CHECKS);
    this.#inUse.add({}, 0);
    registry.collected(LB_ANNOUNCED, () =>
      Array.from(announced(), ({ address, node, interface: name }) => {
        return { labels: { address, node, interface: name }, value: 1 };
      }),
    );
  }

  failedOver(cause: string): void {
    this.#failovers.add({ cause }, 1);
  }

  conflict(other: 'node' | 'stranger', outcome: string): void {
    this.#conflicts.add({ with: other, outcome }, 1);
  }

  inUse(): void {
    this.#inUse.add({}, 1);
  }

  checked(result: 'ok' | 'silent' | 'mismatch'): void {
    this.#checks.add({ result }, 1);
  }
}
