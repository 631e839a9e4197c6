/** One connection of a client: messages with their length before them (RFC 7766), answered in the order in which answers come. */
import type { Socket } from 'node:net';
import type { Peer, Responder } from './responder.ts';

const LENGTH_BYTES = 2;
/** Queries of one connection that are not answered yet; it is not read further until one is. */
const MAX_PENDING = 100;
/** Answers that the client has not taken; it is not read further until it has. One more may come, of 64 KiB at most. */
const MAX_UNSENT_BYTES = 16 << 10;

export interface TcpLimits {
  /** At once; the longest idle gives way to a new one. */
  readonly connections: number;
  /** A connection without anything to do is closed. */
  readonly idleMs: number;
  /** A message must be here this long after its first byte, and a client take its answers. */
  readonly messageMs: number;
}

/** What a connection waits for: a query to begin or to be whole, an answer of ours, or the client to take one. */
type Wait = 'query' | 'message' | 'answer' | 'client';

interface ConnectionParts {
  readonly responder: Responder;
  readonly peer: Peer;
  readonly limits: TcpLimits;
  /** A whole message came. */
  readonly used: () => void;
  readonly ended: () => void;
}

export class TcpConnection {
  readonly #socket: Socket;
  readonly #parts: ConnectionParts;
  /** What came and is not a whole message yet. */
  #rest: Buffer = Buffer.alloc(0);
  /** Answers that are written together, when those before them are written. */
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #isWriting = false;
  #pending = 0;
  #hasEnded = false;
  #waitsFor: Wait = 'answer';
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, parts: ConnectionParts) {
    this.#socket = socket;
    this.#parts = parts;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('end', () => {
      this.#hasEnded = true;
      this.#goOn();
    });
    socket.on('error', () => this.close());
    socket.on('close', () => {
      clearTimeout(this.#timer);
      parts.ended();
    });
    this.#goOn();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#goOn();
  }

  #goOn(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    while (!this.#isFull) {
      const message = this.#takeMessage();
      if (message === undefined) break;
      this.#parts.used();
      this.#answer(message);
    }
    this.#write();
    if (this.#isFull) socket.pause();
    else socket.resume();
    if (this.#hasEnded && this.#pending === 0 && !this.#isWriting) socket.end();
    this.#watch();
  }

  get #isFull(): boolean {
    return this.#pending >= MAX_PENDING || this.#unsentBytes >= MAX_UNSENT_BYTES;
  }

  #write(): void {
    if (this.#isWriting || this.#unsent.length === 0 || this.#socket.destroyed) return;
    const bytes = Buffer.concat(this.#unsent);
    this.#unsent = [];
    this.#isWriting = true;
    this.#socket.write(bytes, () => {
      this.#isWriting = false;
      this.#unsentBytes -= bytes.length;
      // The client takes what it is sent, if slowly.
      this.#waitsFor = 'answer';
      this.#goOn();
    });
  }

  #takeMessage(): Buffer | undefined {
    const rest = this.#rest;
    if (rest.length < LENGTH_BYTES) return undefined;
    const end = LENGTH_BYTES + rest.readUInt16BE();
    if (rest.length < end) return undefined;
    this.#rest = rest.subarray(end);
    // The rest is a message of its own from now on, with its own time.
    this.#waitsFor = 'answer';
    return rest.subarray(LENGTH_BYTES, end);
  }

  #answer(message: Buffer): void {
    const answer = this.#parts.responder.answer(message, this.#parts.peer);
    if (!(answer instanceof Promise)) {
      this.#send(answer);
      return;
    }
    this.#pending += 1;
    void answer.then((response) => {
      this.#pending -= 1;
      this.#send(response);
      this.#goOn();
    });
  }

  /** What is no query at all is not answered; who sends it has nothing to wait for. */
  #send(response: Uint8Array | undefined): void {
    if (response === undefined) this.close();
    if (response === undefined || this.#socket.destroyed) return;
    this.#unsent.push(Uint8Array.of(response.length >> 8, response.length & 0xff), response);
    this.#unsentBytes += LENGTH_BYTES + response.length;
  }

  /** One timer, for what is waited for now; going on to wait for the same does not set it anew. */
  #watch(): void {
    const next = this.#nextWait();
    if (next === this.#waitsFor && next !== 'query') return;
    this.#waitsFor = next;
    clearTimeout(this.#timer);
    if (next === 'answer') return;
    const { idleMs, messageMs } = this.#parts.limits;
    this.#timer = setTimeout(() => this.close(), next === 'query' ? idleMs : messageMs);
  }

  #nextWait(): Wait {
    if (this.#isWriting) return 'client';
    if (this.#pending > 0) return 'answer';
    return this.#rest.length > 0 ? 'message' : 'query';
  }
}
