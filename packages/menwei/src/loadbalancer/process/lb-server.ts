/** Health, metrics and status of the load-balancer controller over HTTP. */
import type { RequestListener } from 'node:http';
import type { Component } from '../../agent/component.ts';
import type { HostPort } from '../../config/settings.ts';
import { answer, answerNotFound, PLAIN_TEXT, requestPath } from '../../http/answer.ts';
import { startHttpListener } from '../../http/http-listener.ts';
import type { Logger } from '../../log/logger.ts';
import { answerScrape } from '../../metrics/scrape.ts';
import { untilAborted } from '../../scheduling/pause.ts';
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
      const routes = routesOf(options);
      const handler: RequestListener = (request, response) => {
        const route = routes.get(requestPath(request.url));
        if (route === undefined) answerNotFound(response);
        else route(request, response);
      };
      const listener = startHttpListener({ name: 'load-balancer server', address, handler, logger });
      const told = untilAborted(signal);
      try {
        await Promise.race([listener.listening.then(ready), told]);
        await told;
      } finally {
        await listener.close();
      }
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
