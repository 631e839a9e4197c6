/** What Prometheus reads of announcing load-balancer addresses. */
import {
  LB_ADDRESSES_IN_USE,
  LB_CONFLICTS,
  LB_FAILOVERS,
  LB_OWNER_CHECKS,
  METALLB_GRATUITOUS,
  METALLB_REQUESTS,
  METALLB_RESPONSES,
} from './catalogue/announcer.ts';
import { LB_ANNOUNCED } from './catalogue/load-balancer.ts';
import type { Registry } from './registry.ts';

/** An address on an interface that this node is to answer for. */
interface Announced {
  readonly address: string;
  readonly interface: string;
  /** Whether it really does. */
  readonly isAnswering: boolean;
  readonly requests: number;
  readonly answers: number;
  readonly gratuitous: number;
}

export class AnnounceMetrics {
  readonly #failovers;
  readonly #conflicts;
  readonly #inUse;
  readonly #checks;

  constructor(registry: Registry, node: string, announced: () => readonly Announced[]) {
    this.#failovers = registry.counter(LB_FAILOVERS);
    this.#conflicts = registry.counter(LB_CONFLICTS);
    this.#inUse = registry.counter(LB_ADDRESSES_IN_USE);
    this.#checks = registry.counter(LB_OWNER_CHECKS);
    this.#inUse.add({}, 0);
    registry.group({
      metrics: {
        announced: LB_ANNOUNCED,
        requests: METALLB_REQUESTS,
        answers: METALLB_RESPONSES,
        gratuitous: METALLB_GRATUITOUS,
      },
      collect: () => samplesOf(announced(), node),
    });
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

function samplesOf(all: readonly Announced[], node: string) {
  return {
    announced: all
      .filter(({ isAnswering }) => isAnswering)
      .map(({ address, interface: name }) => ({ labels: { address, node, interface: name }, value: 1 })),
    requests: sumsByAddress(all, 'requests'),
    answers: sumsByAddress(all, 'answers'),
    gratuitous: sumsByAddress(all, 'gratuitous'),
  };
}

/** Of all interfaces together. */
function sumsByAddress(announced: readonly Announced[], count: 'requests' | 'answers' | 'gratuitous') {
  const sums = new Map<string, number>();
  for (const one of announced) sums.set(one.address, (sums.get(one.address) ?? 0) + one[count]);
  return Array.from(sums, ([ip, value]) => ({ labels: { ip }, value }));
}
