/** One socket to one upstream: its port is the kernel's random choice, and it hears nobody but its peer. */
import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { type Ask, answers, type Exchange, encodeAsk } from './exchange.ts';
import type { UpstreamAddress } from './upstream-address.ts';

interface Waiting {
  readonly sent: Uint8Array;
  finish(exchange: Exchange): void;
}

export class UpstreamSocket {
  readonly #socket: Socket;
  /** By id. */
  readonly #waiting = new Map<number, Waiting>();
  /** Sent before the socket was connected. */
  #unsent: Uint8Array[] = [];
  #state: 'connecting' | 'connected' | 'closed' = 'connecting';
  #isRetired = false;

  constructor({ ip, scope, port }: UpstreamAddress) {
    this.#socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
    this.#socket.on('message', (message) => this.#take(message));
    // Such as a refusal by ICMP, which says that nobody listens there.
    this.#socket.on('error', (error) => this.#fail(error.message));
    // Not the callback of connect(): it is called when that fails, too.
    this.#socket.on('connect', () => this.#connected());
    this.#socket.connect(port, scope === undefined ? ip : `${ip}%${scope}`);
  }

  ask(ask: Ask, timeoutMs: number): Promise<Exchange> {
    const sent = encodeAsk(ask, this.#freeId());
    if (sent === undefined) return Promise.resolve({ failed: 'there is no such name' });
    const id = ((sent[0] ?? 0) << 8) | (sent[1] ?? 0);
    return new Promise((resolve) => {
      const finish = (exchange: Exchange): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(exchange);
        if (this.#isRetired && this.#waiting.size === 0) this.close();
      };
      const timer = setTimeout(() => finish({ failed: `no answer within ${timeoutMs} ms` }), timeoutMs);
      this.#waiting.set(id, { sent, finish });
      if (this.#state === 'connected') this.#send(sent);
      else this.#unsent.push(sent);
    });
  }

  /** Ends it after what is under way. */
  retire(): void {
    this.#isRetired = true;
    if (this.#waiting.size === 0) this.close();
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#socket.close();
    this.#finishAll('the program ends');
  }

  #freeId(): number {
    // Of 65,536 ids a socket has a few in use.
    for (;;) {
      const id = randomInt(0x1_0000);
      if (!this.#waiting.has(id)) return id;
    }
  }

  #connected(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'connected';
    for (const sent of this.#unsent) this.#send(sent);
    this.#unsent = [];
  }

  #send(sent: Uint8Array): void {
    this.#socket.send(sent, (error) => {
      if (error !== null && error !== undefined) this.#fail(error.message);
    });
  }

  #take(message: Uint8Array): void {
    if (message.length < 2) return;
    const waiting = this.#waiting.get(((message[0] ?? 0) << 8) | (message[1] ?? 0));
    // Whatever else comes is late, or a forgery: the answer may come yet.
    if (waiting !== undefined && answers(message, waiting.sent))
      waiting.finish({ message: new Uint8Array(message) });
  }

  #fail(reason: string): void {
    this.#finishAll(reason);
  }

  #finishAll(failed: string): void {
    for (const waiting of [...this.#waiting.values()]) waiting.finish({ failed });
  }
}
