/** Metrics and status for whoever watches the proxy (spec § 9.3), and `/status`, which is ours. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { HostPort, ProxyMode } from '../config/settings.ts';
import { allowSilence, answer, answerByPath, PLAIN_TEXT, writeHead } from '../http/answer.ts';
import { type HttpListener, startHttpListener } from '../http/http-listener.ts';
import type { Logger } from '../log/logger.ts';
import { sendJsonRows } from './json-rows.ts';
import type { ProxyMetrics } from './proxy-metrics.ts';
import { type RowChanges, sendRowChanges } from './row-stream.ts';
import { answerScrape } from './scrape.ts';
import { type Introspection, zpageRoutes } from './zpages.ts';

export interface MetricsServerOptions {
  readonly address: HostPort;
  readonly metrics: ProxyMetrics;
  readonly mode: () => ProxyMode;
  /** What `/status` gives; without it the path doesn't exist. */
  readonly status?: StatusSource;
  /** The rows that `/status/addresses` gives as a JSON array; without it the path doesn't exist. */
  readonly addresses?: (() => Iterable<unknown>) | undefined;
  /** The rows that `/components` gives as a JSON array; without it the path doesn't exist. */
  readonly components?: () => readonly unknown[];
  /** What `/configz`, `/flagz` and `/statusz` give; without it the paths don't exist. */
  readonly introspection?: Introspection;
  readonly logger: Logger;
  readonly hardFail?: boolean;
  readonly retryMs?: number;
}

interface StatusSource {
  /** Given as a JSON array. */
  rows(): Iterable<unknown>;
  /** Given, with `?watch`, as a line of JSON for each row, and then for each that changes. */
  watch(): Promise<RowChanges>;
}

/** So many may watch `/status` at a time. Each of them costs memory, and all rows when it begins. */
const MAX_WATCHERS = 100;

/** Serves the paths of {@link routesOf} in the background. */
export function startMetricsServer(options: MetricsServerOptions): HttpListener {
  const routes = routesOf(options);
  return startHttpListener({
    ...options,
    name: 'metrics server',
    handler: answerByPath(routes),
  });
}

function routesOf(options: MetricsServerOptions): ReadonlyMap<string, RequestListener> {
  const { metrics, mode, status, addresses, components, introspection, logger } = options;
  const ping: RequestListener = (request, response) => {
    metrics.slis.observe('ping', 'healthz', true);
    answer(response, 200, PLAIN_TEXT, hasOption(request, 'verbose') ? VERBOSE_OK : 'ok');
  };
  const routes = new Map<string, RequestListener>([
    ['/metrics', (request, response) => answerScrape(request, response, metrics.registry, logger)],
    ['/metrics/slis', (request, response) => answerScrape(request, response, metrics.slis.registry, logger)],
    ['/healthz', ping],
    ['/healthz/ping', ping],
    ['/proxyMode', (_request, response) => answer(response, 200, PLAIN_TEXT, mode())],
  ]);
  if (status !== undefined) routes.set('/status', statusRoute(status, logger));
  if (addresses !== undefined) {
    routes.set('/status/addresses', (_request, response) =>
      answerRows(response, '/status/addresses', addresses(), logger),
    );
  }
  if (components !== undefined) {
    routes.set('/components', (_request, response) =>
      answerRows(response, '/components', components(), logger),
    );
  }
  for (const [path, route] of introspection === undefined ? [] : zpageRoutes(introspection, routes)) {
    routes.set(path, route);
  }
  return routes;
}

function statusRoute(status: StatusSource, logger: Logger): RequestListener {
  let watchers = 0;
  return (request, response) => {
    if (!hasOption(request, 'watch')) return answerRows(response, '/status', status.rows(), logger);
    if (watchers >= MAX_WATCHERS) return answer(response, 429, PLAIN_TEXT, TOO_MANY_WATCHERS);
    watchers++;
    void answerChanges(response, status, logger).finally(() => watchers--);
  };
}

function answerRows(response: ServerResponse, path: string, rows: Iterable<unknown>, logger: Logger): void {
  writeHead(response, 200, 'application/json');
  sendJsonRows(response, rows).catch((error: unknown) => {
    logger.error({ err: error }, `${path} was not answered completely`);
    // Half of the rows must not look like all of them.
    response.destroy();
  });
}

/** Resolves when the client has gone. */
async function answerChanges(response: ServerResponse, status: StatusSource, logger: Logger): Promise<void> {
  writeHead(response, 200, 'application/jsonl');
  allowSilence(response);
  try {
    await sendRowChanges(response, await status.watch());
  } catch (error) {
    logger.error({ err: error }, '/status?watch ended');
    response.destroy();
  }
}

const TOO_MANY_WATCHERS = `${MAX_WATCHERS} clients watch already\n`;

const VERBOSE_OK = '[+]ping ok\nhealthz check passed\n';

function hasOption(request: IncomingMessage, name: string): boolean {
  const [, query = ''] = (request.url ?? '').split('?', 2);
  return new URLSearchParams(query).has(name);
}
