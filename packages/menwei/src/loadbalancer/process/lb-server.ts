/** Health, metrics and status of the load-balancer controller over HTTP. */
import type { RequestListener } from 'node:http';
import type { Component } from '../../agent/component.ts';
import type { HostPort } from '../../config/settings.ts';
import { answer, answerByPath, PLAIN_TEXT } from '../../http/answer.ts';
import { serveUntilAborted, startHttpListener } from '../../http/http-listener.ts';
import type { Logger } from '../../log/logger.ts';
import { answerScrape } from '../../metrics/scrape.ts';
import type { KnownCluster } from '../explain/known-cluster.ts';
import { answerExplain, answerPools, standbyNote } from './inspection-routes.ts';
import type { LbMetrics } from './lb-metrics.ts';
import type { LbStatus, Leadership } from './status-document.ts';

interface LbServerOptions {
  readonly address: HostPort;
  readonly metrics: LbMetrics;
  readonly status: () => LbStatus;
  readonly leadership: () => Leadership;
  /** Undefined: not everything has been read yet. */
  readonly known: () => KnownCluster | undefined;
  /** Why the process does not do what it is there for; undefined: it does. */
  readonly unhealthy: () => string | undefined;
  readonly logger: Logger;
}

export function lbServer(options: LbServerOptions): Component {
  return {
    name: 'server',
    onFailure: 'restart',
    run: async (signal, ready) => {
      const { address, logger } = options;
      const handler = answerByPath(routesOf(options));
      const listener = startHttpListener({ name: 'load-balancer server', address, handler, logger });
      await serveUntilAborted(listener, signal, ready);
    },
  };
}

function routesOf({
  metrics,
  status,
  leadership,
  known,
  unhealthy,
  logger,
}: LbServerOptions): ReadonlyMap<string, RequestListener> {
  const health: RequestListener = (_request, response) => {
    const why = unhealthy();
    answer(response, why === undefined ? 200 : 503, PLAIN_TEXT, `${why ?? 'ok'}\n`);
  };
  return new Map<string, RequestListener>([
    ['/healthz', health],
    ['/readyz', health],
    ['/explain', (request, response) => answerExplain(request, response, known(), standbyNote(leadership()))],
    ['/pools', (request, response) => answerPools(request, response, known(), standbyNote(leadership()))],
    ['/metrics', (request, response) => answerScrape(request, response, metrics.registry, logger)],
    [
      '/status',
      (_request, response) =>
        answer(response, 200, 'application/json', `${JSON.stringify(status(), undefined, 2)}\n`),
    ],
  ]);
}
