/** Which nodes are alive by their heartbeats. It says only that: what a node may announce, its objects and its Lease say. */
import { decodeHeartbeat, encodeHeartbeat, type HeartbeatMessage, NO_NONCE } from './message.ts';

export interface HeartbeatTiming {
  readonly intervalMs: number;
  /** So many in a row that do not come make a node a dead one. */
  readonly misses: number;
}

interface Peer {
  /** The last that came from it. */
  readonly nonce: string;
  readonly recent: readonly string[];
  /** When it last answered what it was sent a moment before; undefined: it never did. */
  readonly heardMs: number | undefined;
}

export class Heartbeats {
  readonly #node: string;
  readonly #key: Buffer;
  readonly #timing: HeartbeatTiming;
  readonly #peers = new Map<string, Peer>();
  /** The latest first. */
  #nonces: readonly { readonly nonce: string; readonly atMs: number }[] = [];
  #lookedMs: number | undefined;

  constructor(node: string, key: Buffer, timing: HeartbeatTiming) {
    this.#node = node;
    this.#key = key;
    this.#timing = timing;
  }

  /** What is to be sent now, by the name of the receiver. @param nonce 16 hexadecimal digits by chance */
  send(peers: readonly string[], nonce: string, nowMs: number): ReadonlyMap<string, Buffer> {
    this.#nonces = [{ nonce, atMs: nowMs }, ...this.#nonces.slice(0, 2 * this.#timing.misses)];
    for (const name of this.#peers.keys()) if (!peers.includes(name)) this.#peers.delete(name);
    return new Map(
      peers.map((to) => {
        const echo = this.#peers.get(to)?.nonce ?? NO_NONCE;
        return [to, encodeHeartbeat({ from: this.#node, to, nonce, echo }, this.#key)];
      }),
    );
  }

  /** The node that proves to be alive by it; undefined: none does. @param isPeer who may send; not asked about what has no signature */
  receive(bytes: Buffer, isPeer: (node: string) => boolean, nowMs: number): string | undefined {
    const message = decodeHeartbeat(bytes, this.#key);
    if (message === undefined || message.to !== this.#node || !isPeer(message.from)) return undefined;
    const before = this.#peers.get(message.from);
    if (before?.recent.includes(message.nonce)) return undefined;
    const isAnswer = this.#isAnswer(message, nowMs);
    this.#peers.set(message.from, {
      nonce: message.nonce,
      recent: [message.nonce, ...(before?.recent ?? [])].slice(0, 32),
      heardMs: isAnswer ? nowMs : before?.heardMs,
    });
    return isAnswer ? message.from : undefined;
  }

  /** Those that have answered before and do no longer. To be called often; where this process was held up, all have time anew. */
  dead(nowMs: number): readonly string[] {
    const { intervalMs, misses } = this.#timing;
    const sinceMs = nowMs - (this.#lookedMs ?? nowMs);
    this.#lookedMs = nowMs;
    const dead: string[] = [];
    for (const [name, peer] of this.#peers) {
      if (peer.heardMs === undefined) continue;
      if (sinceMs > intervalMs) this.#peers.set(name, { ...peer, heardMs: Math.max(peer.heardMs, nowMs) });
      else if (nowMs - peer.heardMs > misses * intervalMs) dead.push(name);
    }
    return dead;
  }

  #isAnswer({ echo }: HeartbeatMessage, nowMs: number): boolean {
    const sent = this.#nonces.find(({ nonce }) => nonce === echo);
    return sent !== undefined && nowMs - sent.atMs <= this.#timing.misses * this.#timing.intervalMs;
  }
}
