/** Listening for HTTP requests, and trying again as long as the address can't be bound. */
import type { RequestListener, Server } from 'node:http';
import { formatHostPort, isWildcard } from '@menwei/addresses/ip.ts';
import type { HostPort } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import { pause, untilAborted } from '../scheduling/pause.ts';
import {
  closeHttpServer,
  createHttpServer,
  type HttpServerOptions,
  replaceCertificates,
  type TlsOptions,
} from './http-server.ts';

const DEFAULT_RETRY_MS = 5000;

interface HttpListenerOptions extends HttpServerOptions {
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
  /** For connections that are made from now on, of a listener with TLS. */
  replaceCertificates(tls: TlsOptions): void;
  /** Ends trying and listening and cuts open connections. */
  close(): Promise<void>;
}

/** Starts to listen, in the background. */
export function startHttpListener(options: HttpListenerOptions): HttpListener {
  const closing = new AbortController();
  const server = createHttpServer(options.handler, options);
  const listening = listenWithRetry(server, options, closing.signal);
  return {
    listening,
    replaceCertificates: (tls) => replaceCertificates(server, tls),
    close: async () => {
      closing.abort();
      await closeHttpServer(server);
    },
  };
}

/** For as long as a component runs, which is ready when somebody can connect. */
export async function serveUntilAborted(
  listener: HttpListener,
  signal: AbortSignal,
  ready: () => void,
): Promise<void> {
  const told = untilAborted(signal);
  try {
    await Promise.race([listener.listening.then(ready), told]);
    await told;
  } finally {
    await listener.close();
  }
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
