/** Listening for HTTP requests, and trying again as long as the address can't be bound. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { HostPort } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import { pause } from '../scheduling/pause.ts';
import { OpenConnections } from './open-connections.ts';

const DEFAULT_RETRY_MS = 5000;
/** Nobody has a reason to send a request, or to read an answer, slower than this. */
const REQUEST_TIMEOUT_MS = 10_000;
const SILENCE_MS = 30_000;
const CHECK_EVERY_MS = 5_000;
/** Longer than clients in Go keep a connection: who closes first is who knows that no request is on its way. */
const KEEP_ALIVE_MS = 95_000;
/** Nobody asks anything in a body. A short one is passed over, so that the connection can be used again. */
const MAX_BODY_BYTES = 256 * 1024;

interface HttpListenerOptions {
  /** For messages: `healthz server`. */
  readonly name: string;
  /** A wildcard address of either family listens on both, as Go's network "tcp" does. */
  readonly address: HostPort;
  readonly handler: RequestListener;
  readonly logger: Logger;
  /** Give up at the first failure instead of trying again. */
  readonly hardFail?: boolean;
  /** From a failure to the next attempt; 5 s unless given (spec § 9.1). */
  readonly retryMs?: number;
}

export interface HttpListener {
  /** What was bound, once it was. Rejects with `hardFail` alone, and must be awaited then. */
  readonly listening: Promise<HostPort>;
  /** Ends trying and listening and cuts open connections. */
  close(): Promise<void>;
}

/** Starts to listen, in the background. */
export function startHttpListener(options: HttpListenerOptions): HttpListener {
  const closing = new AbortController();
  const server = createHttpServer(options.handler);
  const listening = listenWithRetry(server, options, closing.signal);
  return {
    listening,
    close: async () => {
      closing.abort();
      await closeHttpServer(server);
    },
  };
}

async function listenWithRetry(
  server: Server,
  options: HttpListenerOptions,
  signal: AbortSignal,
): Promise<HostPort> {
  const { name, address, logger, hardFail = false, retryMs = DEFAULT_RETRY_MS } = options;
  const place = formatHostPort(address.host, address.port);
  while (!signal.aborted) {
    try {
      const failed = (cause: Error) => logger.error({ err: cause }, `${name} on ${place} failed`);
      const bound = await listen(server, isWildcard(address.host) ? { port: address.port } : address, failed);
      if (signal.aborted) {
        await closeHttpServer(server);
        break;
      }
      logger.info({ address: formatHostPort(bound.host, bound.port) }, `${name} is listening`);
      return bound;
    } catch (cause) {
      const failure = new Error(`${name} can't listen on ${place}`, { cause });
      if (hardFail) throw failure;
      logger.error({ err: failure, retryMs }, `${name} can't listen; retrying`);
    }
    await pause(retryMs, signal);
  }
  // Closed before it listened: there will never be an address.
  return new Promise<never>(() => undefined);
}

/**
 * A server that isn't listening yet. Clients that are slow, silent or many cost a bounded time and number of connections.
 *
 * @param connections shared by servers that have one bound together
 */
export function createHttpServer(handler: RequestListener, connections = new OpenConnections()): Server {
  const server = createServer(
    {
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_EVERY_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => {
      const { socket } = request;
      if (!connections.asked(socket)) {
        socket.destroy();
        return;
      }
      response.once('close', () => connections.answered(socket));
      boundBody(request);
      handler(request, response);
    },
  );
  server.timeout = SILENCE_MS;
  server.on('connection', (socket) => connections.admit(socket));
  return server;
}

function boundBody(request: IncomingMessage): void {
  let leftBytes = MAX_BODY_BYTES;
  request.on('data', (chunk: Buffer) => {
    leftBytes -= chunk.length;
    if (leftBytes < 0) request.socket.destroy();
  });
}

/** For an answer that goes on for as long as the client likes, and may have nothing to say for a while. */
export function allowSilence(response: ServerResponse): void {
  response.socket?.setTimeout(0);
}

/** Without a host: all addresses of both families. */
interface ListenAddress {
  readonly host?: string;
  readonly port: number;
  readonly ipv6Only?: boolean;
}

/**
 * Binds once; rejects when that fails.
 *
 * @param failed told of what goes wrong later, as when the kernel has no memory for a connection; the server goes on
 */
export function listen(
  server: Server,
  address: ListenAddress,
  failed: (cause: Error) => void,
): Promise<HostPort> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address }, () => {
      server.removeListener('error', reject);
      server.on('error', failed);
      const bound = server.address();
      if (bound === null || typeof bound === 'string')
        throw new Error('BUG: a TCP server without an address');
      resolve({ host: bound.address, port: bound.port });
    });
  });
}

/** Closing a server that isn't listening is not an error. */
export function closeHttpServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** The path of a request without its query, decoded. */
export function requestPath(url: string | undefined): string {
  const [path = ''] = (url ?? '').replace(/^https?:\/\/[^/?]*/i, '').split('?', 1);
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return path;
    throw error;
  }
}

/** Sends a complete answer; the type of its body is not to be guessed by the client. */
export function answer(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const length = String(Buffer.byteLength(body));
  writeHead(response, status, contentType, { ...headers, 'Content-Length': length });
  response.end(body);
}

/** Begins an answer whose body follows. */
export function writeHead(
  response: ServerResponse,
  status: number,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
}

/** The answer of Go's server to a path nobody serves. */
export function answerNotFound(response: ServerResponse): void {
  answer(response, 404, PLAIN_TEXT, '404 page not found\n');
}

export const PLAIN_TEXT = 'text/plain; charset=utf-8';

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
