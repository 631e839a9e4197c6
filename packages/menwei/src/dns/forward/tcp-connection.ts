/** The one TCP connection to an upstream: kept, and with several queries under way (RFC 7766 § 6.2). */
import { randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type Ask, answers, type Exchange, encodeAsk } from './exchange.ts';
import type { UpstreamAddress } from './upstream-address.ts';

interface Waiting {
  readonly sent: Uint8Array;
  finish(exchange: Exchange | 'closed'): void;
}

/** A connection that nobody uses is closed, before the server does it in the middle of a query. */
const IDLE_MS = 5_000;

export class TcpConnection {
  readonly #to: UpstreamAddress;
  #open: OpenConnection | undefined;

  constructor(to: UpstreamAddress) {
    this.#to = to;
  }

  async ask(ask: Ask, timeoutMs: number): Promise<Exchange> {
    const deadline = performance.now() + timeoutMs;
    const kept = this.#open;
    if (kept !== undefined && !kept.isClosed) {
      const exchange = await kept.ask(ask, timeoutMs);
      if (exchange !== 'closed') return exchange;
      // The server has ended it while the query was on its way; a new one shows what is so.
    }
    const connection = this.#connection();
    const exchange = await connection.ask(ask, Math.max(1, deadline - performance.now()));
    return exchange === 'closed' ? { failed: 'the TCP connection was closed without an answer' } : exchange;
  }

  close(): void {
    this.#open?.end('the program ends');
  }

  #connection(): OpenConnection {
    if (this.#open === undefined || this.#open.isClosed) this.#open = new OpenConnection(this.#to);
    return this.#open;
  }
}

class OpenConnection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #received: Uint8Array = new Uint8Array(0);
  isClosed = false;

  constructor({ ip, scope, port }: UpstreamAddress) {
    this.#socket = connect({ host: scope === undefined ? ip : `${ip}%${scope}`, port, noDelay: true });
    this.#socket.setTimeout(IDLE_MS, () => this.end('the TCP connection was idle'));
    this.#socket.on('data', (data) => this.#take(data));
    this.#socket.on('error', (error) => this.end(error.message));
    this.#socket.on('close', () => this.#closed());
  }

  ask(ask: Ask, timeoutMs: number): Promise<Exchange | 'closed'> {
    const sent = encodeAsk(ask, this.#freeId());
    if (sent === undefined) return Promise.resolve({ failed: 'there is no such name' });
    const id = ((sent[0] ?? 0) << 8) | (sent[1] ?? 0);
    return new Promise((resolve) => {
      const finish = (exchange: Exchange | 'closed'): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(exchange);
      };
      const timer = setTimeout(() => this.#late(id, timeoutMs), timeoutMs);
      this.#waiting.set(id, { sent, finish });
      this.#socket.write(Buffer.concat([Uint8Array.of(sent.length >> 8, sent.length & 0xff), sent]));
    });
  }

  end(failed: string): void {
    this.isClosed = true;
    for (const waiting of [...this.#waiting.values()]) waiting.finish({ failed });
    this.#socket.destroy();
  }

  /** A connection over which nothing comes may be dead without anybody having said so. */
  #late(id: number, timeoutMs: number): void {
    this.#waiting.get(id)?.finish({ failed: `no answer by TCP within ${Math.round(timeoutMs)} ms` });
    this.isClosed = true;
    if (this.#waiting.size === 0) this.#socket.destroy();
  }

  #closed(): void {
    this.isClosed = true;
    for (const waiting of [...this.#waiting.values()]) waiting.finish('closed');
  }

  #freeId(): number {
    for (;;) {
      const id = randomInt(0x1_0000);
      if (!this.#waiting.has(id)) return id;
    }
  }

  #take(data: Uint8Array): void {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    for (;;) {
      const bytes = this.#received;
      const size = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
      if (bytes.length < 2 || bytes.length < 2 + size) return;
      // A copy: what is kept for long must not hold all that came with it.
      this.#answered(new Uint8Array(bytes.subarray(2, 2 + size)));
      this.#received = bytes.subarray(2 + size);
    }
  }

  #answered(message: Uint8Array): void {
    const waiting = this.#waiting.get(((message[0] ?? 0) << 8) | (message[1] ?? 0));
    if (waiting !== undefined && answers(message, waiting.sent)) waiting.finish({ message });
    // A connection that was given up stays until the others have their answers.
    if (this.isClosed && this.#waiting.size === 0) this.#socket.destroy();
  }
}
