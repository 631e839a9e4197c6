/** How often this node stands up for an address, and against whom (load-balancer § 5.6): never in an endless duel. */
import { type ClaimedByTwo, keepsAddress } from './claim-rules.ts';

const PEER_INTERVAL_MS = 1_000;
const STRANGER_INTERVAL_MS = 10_000;
/** What comes sooner after a defence may have been sent before it was heard. */
const HEARD_MS = 300;

interface Defence {
  readonly peer: string;
  readonly atMs: number;
}

export class Defences {
  readonly #last = new Map<string, Defence>();
  readonly #strangers = new Map<string, number>();

  /** What to do about a peer's claim; `ignore`: it has been answered just now. */
  judge(claim: Omit<ClaimedByTwo, 'isRepeated'>, nowMs = performance.now()): 'stop' | 'defend' | 'ignore' {
    const last = this.#last.get(claim.address);
    const sinceMs = last?.peer === claim.peer ? nowMs - last.atMs : Number.POSITIVE_INFINITY;
    const isRepeated = sinceMs >= HEARD_MS && sinceMs < STRANGER_INTERVAL_MS;
    if (!keepsAddress({ ...claim, isRepeated })) {
      this.#last.delete(claim.address);
      return 'stop';
    }
    if (sinceMs < PEER_INTERVAL_MS) return 'ignore';
    this.#last.set(claim.address, { peer: claim.peer, atMs: nowMs });
    return 'defend';
  }

  mayDefendAgainstStranger(address: string, nowMs = performance.now()): boolean {
    const atMs = this.#strangers.get(address) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - atMs < STRANGER_INTERVAL_MS) return false;
    this.#strangers.set(address, nowMs);
    return true;
  }

  /** The address is no longer this node's. */
  forget(address: string): void {
    this.#last.delete(address);
    this.#strangers.delete(address);
  }
}
