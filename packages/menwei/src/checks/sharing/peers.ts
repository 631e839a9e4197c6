/**
 * What the nodes tell each other of health by their Leases, as this node knows it (health § 5). Pure: time is an argument. A Lease
 * is fresh as long as it was seen to change within the time; clocks of nodes are not compared.
 */
import { parseDownList } from './down-list.ts';
import type { CheckerNode } from './rendezvous.ts';

interface PeerLease {
  readonly node: string;
  readonly zone: string;
  /** Another one after each renewal. */
  readonly renewTimeMs: number;
  /** See formatDownList. */
  readonly down: string;
}

interface Peer extends PeerLease {
  readonly seenMs: number;
  readonly downSet: ReadonlySet<string>;
}

export class Peers {
  readonly #freshMs: number;
  readonly #peers = new Map<string, Peer>();
  /** When this node was last known to see what others write; they are not judged by what could not be seen. */
  #connectedMs = Number.NEGATIVE_INFINITY;
  #reconnectedMs = Number.NEGATIVE_INFINITY;

  constructor(freshMs: number) {
    this.#freshMs = freshMs;
  }

  /** A renewal of the own Lease has come back with what others have written. */
  connected(nowMs: number): void {
    if (!this.isConnected(nowMs)) this.#reconnectedMs = nowMs;
    this.#connectedMs = nowMs;
  }

  /** Otherwise nothing is known of what others find. */
  isConnected(nowMs: number): boolean {
    return nowMs - this.#connectedMs < this.#freshMs;
  }

  /** Returns the endpoints about which it says something else than before. */
  put(lease: PeerLease, nowMs: number): readonly string[] {
    const before = this.#peers.get(lease.node);
    if (before !== undefined && before.renewTimeMs === lease.renewTimeMs) return [];
    const isSame = before?.down === lease.down;
    const downSet = isSame ? before.downSet : parseDownList(lease.down);
    this.#peers.set(lease.node, { ...lease, seenMs: nowMs, downSet });
    return isSame ? [] : [...downSet.symmetricDifference(before?.downSet ?? new Set<string>())];
  }

  remove(node: string): void {
    this.#peers.delete(node);
  }

  /** Forgets who has not been heard of for long, and gives those that are there, by name. */
  live(nowMs: number): readonly CheckerNode[] {
    const nodes: CheckerNode[] = [];
    for (const [name, { zone, seenMs }] of this.#peers) {
      const silentMs = nowMs - Math.max(seenMs, this.#reconnectedMs);
      if (silentMs < this.#freshMs || !this.isConnected(nowMs)) nodes.push({ name, zone });
      else if (silentMs > 10 * this.#freshMs) this.#peers.delete(name);
    }
    return nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  saysDown(node: string, endpoint: string): boolean {
    return this.#peers.get(node)?.downSet.has(endpoint) === true;
  }
}
