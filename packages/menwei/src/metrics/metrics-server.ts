/** Metrics and status for whoever watches the proxy (spec § 9.3), and `/status`, which is ours. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HostPort, ProxyMode } from '../config/settings.ts';
import {
  answer,
  answerNotFound,
  type HttpListener,
  PLAIN_TEXT,
  requestPath,
  startHttpListener,
} from '../health/http-listener.ts';
import type { Logger } from '../log/logger.ts';
import type { ProxyMetrics } from './proxy-metrics.ts';

export interface MetricsServerOptions {
  readonly address: HostPort;
  readonly metrics: ProxyMetrics;
  readonly mode: () => ProxyMode;
  /** What `/status` gives as JSON; without it the path doesn't exist. */
  readonly status?: () => unknown;
  readonly logger: Logger;
  readonly hardFail?: boolean;
  readonly retryMs?: number;
}

/** Serves /metrics, /healthz, /healthz/ping, /proxyMode and /status in the background. */
export function startMetricsServer(options: MetricsServerOptions): HttpListener {
  const { metrics, mode, status, logger } = options;
  return startHttpListener({
    ...options,
    name: 'metrics server',
    handler: (request, response) => {
      switch (requestPath(request.url)) {
        case '/metrics':
          answerMetrics(response, metrics, logger);
          return;
        case '/healthz':
        case '/healthz/ping':
          return answer(response, 200, PLAIN_TEXT, isVerbose(request) ? VERBOSE_OK : 'ok');
        case '/proxyMode':
          return answer(response, 200, PLAIN_TEXT, mode());
        case '/status':
          if (status === undefined) return answerNotFound(response);
          return answer(response, 200, 'application/json', `${JSON.stringify(status(), undefined, 2)}\n`);
        default:
          return answerNotFound(response);
      }
    },
  });
}

const VERBOSE_OK = '[+]ping ok\nhealthz check passed\n';

function isVerbose(request: IncomingMessage): boolean {
  return /[?&]verbose\b/.test(request.url ?? '');
}

function answerMetrics(response: ServerResponse, metrics: ProxyMetrics, logger: Logger): void {
  metrics.format().then(
    (text) => answer(response, 200, metrics.contentType, text),
    (cause: unknown) => {
      logger.error({ err: cause }, "metrics can't be collected");
      answer(response, 500, PLAIN_TEXT, "metrics can't be collected\n");
    },
  );
}
