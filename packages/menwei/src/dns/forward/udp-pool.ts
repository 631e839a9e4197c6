/** The sockets to one upstream: a query goes out of a random one, so its port can't be guessed (RFC 5452 § 4.5). */
import { randomInt } from 'node:crypto';
import type { Ask, Exchange } from './exchange.ts';
import { UpstreamSocket } from './udp-socket.ts';
import type { UpstreamAddress } from './upstream-address.ts';

const SOCKETS = 64;
/** After so many queries all ports are new ones. */
const QUERIES_PER_POOL = 1000;

export class UdpPool {
  readonly #to: UpstreamAddress;
  readonly #sockets = new Map<number, UpstreamSocket>();
  #queries = 0;

  constructor(to: UpstreamAddress) {
    this.#to = to;
  }

  ask(ask: Ask, timeoutMs: number): Promise<Exchange> {
    this.#queries += 1;
    if (this.#queries > QUERIES_PER_POOL) this.#renew();
    return this.#pick().ask(ask, timeoutMs);
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #renew(): void {
    for (const socket of this.#sockets.values()) socket.retire();
    this.#sockets.clear();
    this.#queries = 1;
  }

  #pick(): UpstreamSocket {
    const place = randomInt(SOCKETS);
    const found = this.#sockets.get(place);
    if (found !== undefined && !found.isBroken) return found;
    found?.retire();
    const socket = new UpstreamSocket(this.#to);
    this.#sockets.set(place, socket);
    return socket;
  }
}
