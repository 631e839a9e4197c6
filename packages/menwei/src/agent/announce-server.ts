/** Health, metrics and status of `menwei announce` over HTTP. */
import type { RequestListener } from 'node:http';
import type { HostPort } from '../config/settings.ts';
import { answer, answerByPath, PLAIN_TEXT } from '../http/answer.ts';
import { serveUntilAborted, startHttpListener } from '../http/http-listener.ts';
import type { Logger } from '../log/logger.ts';
import type { Registry } from '../metrics/registry.ts';
import { answerScrape } from '../metrics/scrape.ts';
import type { Component, ComponentStates } from './component.ts';

interface AnnounceServerOptions {
  readonly address: HostPort;
  readonly registry: Registry;
  readonly addresses: () => Iterable<unknown>;
  readonly states: ComponentStates;
  readonly logger: Logger;
}

export function announceServer({
  address,
  registry,
  addresses,
  states,
  logger,
}: AnnounceServerOptions): Component {
  const json = (rows: () => Iterable<unknown>): RequestListener => {
    return (_request, response) =>
      answer(response, 200, 'application/json', `${JSON.stringify([...rows()], undefined, 1)}\n`);
  };
  const routes = new Map<string, RequestListener>([
    ['/healthz', (_request, response) => answerHealth(response, states)],
    ['/metrics', (request, response) => answerScrape(request, response, registry, logger)],
    ['/status/addresses', json(addresses)],
    ['/components', json(() => states.all())],
  ]);
  const handler = answerByPath(routes);
  return {
    name: 'announce-server',
    onFailure: 'restart',
    run: async (signal, ready) => {
      const listener = startHttpListener({ name: 'announce server', address, handler, logger });
      await serveUntilAborted(listener, signal, ready);
    },
  };
}

function answerHealth(response: Parameters<RequestListener>[1], states: ComponentStates): void {
  const down = states.all().find(({ state }) => state === 'restarting');
  if (down === undefined) answer(response, 200, PLAIN_TEXT, 'ok\n');
  else answer(response, 503, PLAIN_TEXT, `component ${down.name} has failed: ${down.error ?? ''}\n`);
}
