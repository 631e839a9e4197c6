/** Listening for HTTP requests, and trying again as long as the address can't be bound. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { HostPort } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import { pause } from '../scheduling/pause.ts';

const DEFAULT_RETRY_MS = 5000;
/** Nobody has a reason to send a request slower than this. */
const REQUEST_TIMEOUT_MS = 30_000;

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
      const bound = await listen(server, isWildcard(address.host) ? { port: address.port } : address);
      if (signal.aborted) {
        await closeHttpServer(server);
        break;
      }
      server.on('error', (cause) => logger.error({ err: cause }, `${name} on ${place} failed`));
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

/** A server that isn't listening yet. */
export function createHttpServer(handler: RequestListener): Server {
  return createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, handler);
}

/** Without a host: all addresses of both families. */
interface ListenAddress {
  readonly host?: string;
  readonly port: number;
  readonly ipv6Only?: boolean;
}

/** Binds once; rejects when that fails. */
export function listen(server: Server, address: ListenAddress): Promise<HostPort> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address }, () => {
      server.removeListener('error', reject);
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

/** The path of a request without its query. */
export function requestPath(url: string | undefined): string {
  return (url ?? '').split('?', 1)[0] ?? '';
}

/** Sends a complete answer; the type of its body is not to be guessed by the client. */
export function answer(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  writeHead(response, status, contentType, headers);
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
