/** Metrics, health and status of the DNS server over HTTP. */
import type { RequestListener } from 'node:http';
import type { Component } from '../../agent/component.ts';
import type { HostPort } from '../../config/settings.ts';
import { answer, answerByPath, PLAIN_TEXT } from '../../http/answer.ts';
import { serveUntilAborted, startHttpListener } from '../../http/http-listener.ts';
import type { Logger } from '../../log/logger.ts';
import type { Registry } from '../../metrics/registry.ts';
import { answerScrape } from '../../metrics/scrape.ts';

interface DnsHttpOptions {
  readonly address: HostPort;
  readonly registry: Registry;
  /** Why the server is not to get queries; undefined: it is. */
  readonly unready: () => string | undefined;
  /** Why the process does not do what it is there for; undefined: it does. */
  readonly unhealthy: () => string | undefined;
  readonly status: () => unknown;
  readonly logger: Logger;
}

/** @param name of the component */
export function dnsHttp(name: string, options: DnsHttpOptions): Component {
  const { address, registry, unready, unhealthy, status, logger } = options;
  const judged = (judge: () => string | undefined): RequestListener => {
    return (_request, response) => {
      const why = judge();
      answer(response, why === undefined ? 200 : 503, PLAIN_TEXT, `${why ?? 'OK'}\n`);
    };
  };
  const routes = new Map<string, RequestListener>([
    ['/health', judged(unhealthy)],
    ['/healthz', judged(unhealthy)],
    ['/ready', judged(unready)],
    ['/readyz', judged(unready)],
    ['/metrics', (request, response) => answerScrape(request, response, registry, logger)],
    [
      '/status',
      (_request, response) =>
        answer(response, 200, 'application/json', `${JSON.stringify(status(), undefined, 2)}\n`),
    ],
  ]);
  return {
    name,
    onFailure: 'restart',
    run: async (signal, ready) => {
      const handler = answerByPath(routes);
      const listener = startHttpListener({ name: 'metrics server', address, handler, logger });
      await serveUntilAborted(listener, signal, ready);
    },
  };
}
