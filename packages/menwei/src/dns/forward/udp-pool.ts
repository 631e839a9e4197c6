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

  async ask(ask: Ask, timeoutMs: number): Promise<Exchange> {
    this.#queries += 1;
    if (this.#queries > QUERIES_PER_POOL) this.#renew();
    const place = randomInt(SOCKETS);
    const socket = this.#socket(place);
    const exchange = await socket.ask(ask, timeoutMs);
    if ('failed' in exchange) this.#replace(place, socket);
    return exchange;
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

  /** It may be of no use any more: the address of this machine has changed, or the kernel would not have it. */
  #replace(place: number, socket: UpstreamSocket): void {
    if (this.#sockets.get(place) === socket) this.#sockets.delete(place);
    socket.retire();
  }

  #socket(place: number): UpstreamSocket {
    const socket = this.#sockets.get(place) ?? new UpstreamSocket(this.#to);
    this.#sockets.set(place, socket);
    return socket;
  }
}
