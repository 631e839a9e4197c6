/** The API server of a cluster: who asks, whether they may, and who answers (cluster § 5). */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HostPort } from '../../config/settings.ts';
import { NOT_FOUND, PLAIN_TEXT } from '../../http/answer.ts';
import { type HttpListener, startHttpListener } from '../../http/http-listener.ts';
import type { HttpLimits, TlsOptions } from '../../http/http-server.ts';
import { OpenConnections } from '../../http/open-connections.ts';
import type { Logger } from '../../log/logger.ts';
import { answerScrape } from '../../metrics/scrape.ts';
import type { Registry } from '../registry/registry.ts';
import { internalError, StatusError } from '../schema/status-error.ts';
import type { Access, Attributes, User } from '../security/access.ts';
import type { AuditedRequest } from '../security/audit-event.ts';
import type { Store } from '../store/store.ts';
import { ApiMetrics, type Queues } from './api-metrics.ts';
import type { Backing, Exchange } from './exchange.ts';
import { answerResource } from './handlers.ts';
import { InFlight, isLongRunning, isRead, limitTime } from './in-flight.ts';
import { answerPath, type PathOptions } from './paths.ts';
import { Reply } from './reply.ts';
import { type ParsedRequest, parseRequest } from './request-info.ts';
import { Revisions } from './revisions.ts';
import { findTarget } from './target.ts';
import { WatchHub } from './watch-hub.ts';

export interface ApiServerOptions extends Omit<PathOptions, 'scrape'> {
  readonly address: HostPort;
  /** Plain HTTP without. */
  readonly tls?: TlsOptions;
  readonly store: Store;
  readonly registry: Registry;
  readonly access: Access;
  readonly logger: Logger;
  /** Told of each request when it is over. */
  readonly onAnswered?: (request: AuditedRequest) => void;
  /** The controllers', for metrics. */
  readonly queues?: Queues;
  /** Milliseconds since the epoch; the real clock unless given. */
  readonly now?: () => number;
}

const LIMITS: HttpLimits = {
  requestMs: 60_000,
  // A watch may have nothing to say for long, and a list may be read slowly: both are bounded elsewhere.
  silenceMs: 0,
  headerBytes: 64 * 1024,
  bodyBytes: undefined,
};

const MOST_CONNECTIONS = 20_000;

/** Serves the API in the background. */
export function startApiServer(options: ApiServerOptions): HttpListener {
  const { address, tls, logger, store } = options;
  const hub = new WatchHub(store);
  const server = new ApiServer(options, hub);
  const listener = startHttpListener({
    name: 'API server',
    address,
    logger,
    hardFail: true,
    limits: LIMITS,
    connections: new OpenConnections(MOST_CONNECTIONS),
    ...(tls === undefined ? {} : { tls }),
    handler: (request, response) => server.handle(request, response),
  });
  return {
    ...listener,
    close: async () => {
      await listener.close();
      hub[Symbol.dispose]();
      server.close();
    },
  };
}

class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #backing: Backing;
  readonly #inFlight = new InFlight();
  readonly #metrics: ApiMetrics;
  readonly #paths: PathOptions;

  constructor(options: ApiServerOptions, hub: WatchHub) {
    const { store, registry, access, logger, now = Date.now } = options;
    this.#options = options;
    this.#backing = { store, registry, access, logger, now, hub, revisions: new Revisions(store) };
    this.#metrics = new ApiMetrics({
      store,
      hub,
      inFlight: this.#inFlight,
      queues: options.queues ?? new Map(),
    });
    const scrape = ({ request, reply: { response } }: Exchange) =>
      answerScrape(request, response, this.#metrics.registry, logger);
    this.#paths = { ...options, scrape };
  }

  close(): void {
    this.#metrics.close();
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/' } = request;
    const started: Started = {
      auditId: randomUUID(),
      info: parseRequest(method, url),
      user: undefined,
      actsFor: undefined,
      startedAtMs: this.#backing.now(),
      tickMs: performance.now(),
    };
    const reply = new Reply(response, started.auditId);
    response.once('close', () => this.#tell(request, response, started));
    this.#answer(request, reply, started).catch((error: unknown) =>
      this.#refuse(reply, error, `${method} ${started.info.path}`),
    );
  }

  async #answer(request: IncomingMessage, reply: Reply, started: Started): Promise<void> {
    const { access } = this.#backing;
    const { info } = started;
    const sender = access.authenticate(request);
    started.user = sender;
    const user = access.actFor(sender, request);
    if (user !== sender) started.actsFor = user;
    access.authorize(user, attributesOf(info));
    const exchange = { request, query: info.query, user, reply };
    const isLong = isLongRunning(info);
    using _place = isLong ? undefined : this.#inFlight.enter(isRead(info.verb));
    using _limit = isLong ? undefined : limitTime(reply);
    if (!('resource' in info)) return answerPath(info.path, info.verb, exchange, this.#paths);
    const target = findTarget(info);
    if (target === undefined) return reply.send(404, PLAIN_TEXT, NOT_FOUND);
    await answerResource({ ...exchange, target, storedAs: target.resource.storedAs ?? '' }, this.#backing);
  }

  #refuse(reply: Reply, error: unknown, what: string): void {
    if (!(error instanceof StatusError)) {
      // Who has gone while sending is nobody's mistake.
      if (reply.response.destroyed) return;
      this.#backing.logger.error({ err: error, request: what }, 'a request failed');
    }
    // Half of an answer must not look like all of it.
    if (reply.hasBegun) reply.response.destroy();
    else reply.refuse(error instanceof StatusError ? error : internalError('see the log', error));
  }

  #tell(request: IncomingMessage, response: ServerResponse, started: Started): void {
    const endedAtMs = this.#backing.now();
    const status = response.headersSent ? response.statusCode : 0;
    this.#metrics.observe(started.info, status, performance.now() - started.tickMs);
    const { auditId, info, user, actsFor, startedAtMs } = started;
    this.#options.onAnswered?.({
      ...{ auditId, user, actsFor, startedAtMs, verb: info.verb },
      object: 'resource' in info ? info : undefined,
      url: request.url ?? '',
      peer: request.socket.remoteAddress ?? '',
      userAgent: request.headers['user-agent'] ?? '',
      status,
      endedAtMs,
    });
  }
}

interface Started {
  readonly auditId: string;
  readonly info: ParsedRequest;
  readonly startedAtMs: number;
  /** The same moment by a clock that nobody sets. */
  readonly tickMs: number;
  user: User | undefined;
  actsFor: User | undefined;
}

function attributesOf(info: ParsedRequest): Attributes {
  if (!('resource' in info)) return { verb: info.verb, path: info.path };
  const { verb, group, resource, subresource, namespace, name, query } = info;
  const fieldSelector = query.get('fieldSelector');
  return {
    ...{ verb, group, resource, subresource, namespace, name },
    ...(fieldSelector === null ? {} : { fieldSelector }),
  };
}
