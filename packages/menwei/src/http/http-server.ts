/** A server for HTTP, with or without TLS, that no client can hold up: all it takes and keeps is bounded. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { OpenConnections } from './open-connections.ts';

const CHECK_EVERY_MS = 5_000;
/** Longer than clients in Go keep a connection: who closes first is who knows that no request is on its way. */
const KEEP_ALIVE_MS = 95_000;
const HEADERS_TIMEOUT_MS = 10_000;

export interface HttpLimits {
  /** A request must be there as a whole by then. */
  readonly requestMs: number;
  /** A connection on which nothing is sent for so long is cut; 0: never. */
  readonly silenceMs: number;
  readonly headerBytes: number;
  /** A short body that nobody asked for is passed over; undefined: the handler reads it, and bounds it. */
  readonly bodyBytes: number | undefined;
}

/** For servers that are asked short questions: nobody has a reason to ask, or to read an answer, slower than this. */
const SHORT_QUESTIONS: HttpLimits = {
  requestMs: 10_000,
  silenceMs: 30_000,
  headerBytes: 16 * 1024,
  bodyBytes: 256 * 1024,
};

export interface TlsOptions extends Pick<SecureContextOptions, 'cert' | 'key' | 'ca'> {
  /** Clients are asked for a certificate, and may have none; who checks whether it is authorized is the handler. */
  readonly requestCert: boolean;
}

export interface HttpServerOptions {
  /** Shared by servers that have one bound together. */
  readonly connections?: OpenConnections;
  readonly limits?: HttpLimits;
  /** Plain HTTP without. */
  readonly tls?: TlsOptions;
}

/** A server that isn't listening yet. Clients that are slow, silent or many cost a bounded time and number of connections. */
export function createHttpServer(
  handler: RequestListener,
  { connections = new OpenConnections(), limits = SHORT_QUESTIONS, tls }: HttpServerOptions = {},
): Server {
  const transports = new Transports();
  const listener: RequestListener = (request, response) => {
    const socket = transports.of(request.socket);
    if (!connections.asked(socket)) {
      socket.destroy();
      return;
    }
    response.once('close', () => connections.answered(socket));
    if (limits.bodyBytes !== undefined) boundBody(request, limits.bodyBytes);
    handler(request, response);
  };
  const options = {
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, limits.requestMs),
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: limits.headerBytes,
  };
  const server =
    tls === undefined
      ? createServer(options, listener)
      : createTlsServer({ ...options, ...tlsOptions(tls), handshakeTimeout: HEADERS_TIMEOUT_MS }, listener);
  transportsOf.set(server, transports);
  server.timeout = limits.silenceMs;
  server.on('connection', (socket: Socket) => {
    // Of a server with TLS, Node tells of the connection below as well.
    if (tls !== undefined) transports.add(socket);
    connections.admit(socket);
  });
  return server;
}

/** Closing a server that isn't listening is not an error. */
export function closeHttpServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
    // Those whose TLS session has not begun are unknown to Node's list.
    transportsOf.get(server)?.cut();
  });
}

/** For connections that are made from now on. */
export function replaceCertificates(server: Server, tls: TlsOptions): void {
  if (!(server instanceof TlsServer)) throw new Error('BUG: a server without TLS has no certificates');
  server.setSecureContext(tlsOptions(tls));
}

function tlsOptions({ cert, key, ca, requestCert }: TlsOptions) {
  return { cert, key, ca, requestCert, rejectUnauthorized: false, minVersion: 'TLSv1.2' as const };
}

/** Which connection a TLS session runs over: Node gives the handler the session, and tells of the connection before. */
const transportsOf = new WeakMap<Server, Transports>();

class Transports {
  readonly #byPeer = new Map<string, Socket>();

  add(socket: Socket): void {
    const peer = peerOf(socket);
    this.#byPeer.set(peer, socket);
    socket.once('close', () => {
      if (this.#byPeer.get(peer) === socket) this.#byPeer.delete(peer);
    });
  }

  cut(): void {
    for (const socket of this.#byPeer.values()) socket.destroy();
  }

  of(socket: Socket): Socket {
    return this.#byPeer.get(peerOf(socket)) ?? socket;
  }
}

function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

function boundBody(request: IncomingMessage, mostBytes: number): void {
  let leftBytes = mostBytes;
  request.on('data', (chunk: Buffer) => {
    leftBytes -= chunk.length;
    if (leftBytes < 0) request.socket.destroy();
  });
}
