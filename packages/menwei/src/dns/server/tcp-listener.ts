/** Questions that come over connections (RFC 7766): several on each, answers as they are ready. */
import { createServer, type Server, type Socket } from 'node:net';
import { familyOf } from '@menwei/addresses/ip.ts';
import type { ServerParts } from './responder.ts';

const IDLE_MS = 10_000;
/** From the first byte of a message to its last. */
const MESSAGE_MS = 5_000;
const MOST_CONNECTIONS = 1_000;
/** Of one connection: a client that asks more before it reads is not read from meanwhile. */
const MOST_UNDER_WAY = 100;
const MOST_UNSENT_BYTES = 256 * 1024;
const LENGTH_BYTES = 2;

/** Listens, or rejects with what the kernel says. */
export async function listenTcp(
  { address, port }: { readonly address: string; readonly port: number },
  parts: ServerParts,
): Promise<TcpListener> {
  const connections = new Set<Connection>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) =>
    accept(socket, connections, parts),
  );
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host: address, port, exclusive: true, ipv6Only: familyOf(address) === 'IPv6' }, resolve);
  await promise;
  server.off('error', reject);
  server.on('error', () => parts.observer.socketFailed('tcp'));
  return new TcpListener(server, connections);
}

export class TcpListener {
  readonly #server: Server;
  readonly #connections: ReadonlySet<Connection>;

  constructor(server: Server, connections: ReadonlySet<Connection>) {
    this.#server = server;
    this.#connections = connections;
  }

  close(): void {
    this.#server.close();
    for (const connection of this.#connections) connection.close();
  }
}

function accept(socket: Socket, connections: Set<Connection>, parts: ServerParts): void {
  const address = socket.remoteAddress;
  if (address === undefined || !parts.clients.has(address)) {
    parts.observer.refusedClient('tcp');
    socket.resetAndDestroy();
    return;
  }
  // A set has its oldest first, and who says something goes to its end.
  const [longestIdle] = connections;
  if (connections.size >= MOST_CONNECTIONS) longestIdle?.close();
  const connection = new Connection(socket, { address, port: socket.remotePort ?? 0 }, parts, {
    used: () => {
      connections.delete(connection);
      connections.add(connection);
    },
    closed: () => connections.delete(connection),
  });
  connections.add(connection);
}

interface ConnectionEvents {
  readonly used: () => void;
  readonly closed: () => void;
}

class Connection {
  readonly #socket: Socket;
  readonly #peer: { readonly address: string; readonly port: number };
  readonly #parts: ServerParts;
  readonly #events: ConnectionEvents;
  #received: Buffer = Buffer.alloc(0);
  #underWay = 0;
  #isEnded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    socket: Socket,
    peer: { readonly address: string; readonly port: number },
    parts: ServerParts,
    events: ConnectionEvents,
  ) {
    this.#socket = socket;
    this.#peer = peer;
    this.#parts = parts;
    this.#events = events;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#ended());
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('end', () => {
      this.#isEnded = true;
      this.#endIfDone();
    });
    socket.on('drain', () => this.#goOn());
    this.#limit(IDLE_MS);
  }

  close(): void {
    this.#socket.destroy();
  }

  #ended(): void {
    clearTimeout(this.#timer);
    this.#events.closed();
  }

  #limit(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.close(), ms).unref();
  }

  #take(bytes: Buffer): void {
    const isBegun = this.#received.length > 0;
    this.#received = isBegun ? Buffer.concat([this.#received, bytes]) : bytes;
    const before = this.#received.length;
    this.#answerAll();
    const isWhole = this.#received.length < before;
    // A message that trickles in has its time from its first byte on.
    if (isWhole || !isBegun) this.#limit(this.#received.length > 0 ? MESSAGE_MS : IDLE_MS);
  }

  #answerAll(): void {
    while (!this.#isBusy && this.#received.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#received.readUInt16BE(0);
      if (this.#received.length < end) break;
      const query = this.#received.subarray(LENGTH_BYTES, end);
      this.#received = this.#received.subarray(end);
      this.#events.used();
      this.#answer(query);
    }
    if (this.#isBusy) this.#socket.pause();
  }

  get #isBusy(): boolean {
    return this.#underWay >= MOST_UNDER_WAY || this.#socket.writableLength > MOST_UNSENT_BYTES;
  }

  #answer(query: Uint8Array): void {
    const given = this.#parts.responder.answer(query, { ...this.#peer, transport: 'tcp' });
    if (!(given instanceof Promise)) {
      this.#send(given);
      return;
    }
    this.#underWay += 1;
    void given.then((response) => {
      this.#underWay -= 1;
      this.#send(response);
      this.#goOn();
    });
  }

  /** What is no query at all is not answered; who sends it has nothing to wait for. */
  #send(response: Uint8Array | undefined): void {
    if (response === undefined) this.close();
    if (response === undefined || this.#socket.destroyed) return;
    const length = Uint8Array.from([response.length >> 8, response.length & 0xff]);
    this.#socket.write(Buffer.concat([length, response]));
  }

  #goOn(): void {
    if (this.#socket.destroyed || this.#isBusy) return;
    this.#answerAll();
    if (!this.#isBusy) this.#socket.resume();
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (this.#isEnded && this.#underWay === 0) this.#socket.end();
  }
}
