/** The proxy's own health, for probes of the kubelet (/livez) and of load balancers (/healthz): spec § 9.1. */
import type { ServerResponse } from 'node:http';
import type { HostPort } from '../config/settings.ts';
import { answer, answerNotFound, requestPath } from '../http/answer.ts';
import { type HttpListener, startHttpListener } from '../http/http-listener.ts';
import type { Logger } from '../log/logger.ts';
import { formatGoTime, GO_ZERO_TIME } from './go-time.ts';
import type { ProxyHealth } from './proxy-health.ts';
import type { ServiceReporter } from './service-report.ts';

export interface HealthServerOptions {
  readonly address: HostPort;
  readonly health: Pick<ProxyHealth, 'report'>;
  /** Asked for each /healthz request; see isNodeEligible. */
  readonly nodeEligible: () => boolean;
  /** What `/healthz/service/<namespace>/<name>` gives; without it the path doesn't exist. */
  readonly services?: Pick<ServiceReporter, 'report'>;
  /** Told of each answer, by its HTTP status. */
  readonly onAnswered?: (path: 'healthz' | 'livez', status: number) => void;
  readonly logger: Logger;
  readonly hardFail?: boolean;
  readonly retryMs?: number;
  /** Milliseconds since the epoch; the real clock unless given. */
  readonly now?: () => number;
}

/** Serves /healthz, /livez and /healthz/service in the background. */
export function startHealthServer(options: HealthServerOptions): HttpListener {
  const { health, nodeEligible, services, onAnswered, now = Date.now, ...listener } = options;
  return startHttpListener({
    ...listener,
    name: 'healthz server',
    handler: (request, response) => {
      const path = requestPath(request.url);
      switch (path) {
        case '/healthz':
          answerHealth(response, health, now(), nodeEligible());
          return onAnswered?.('healthz', response.statusCode);
        case '/livez':
          answerHealth(response, health, now(), undefined);
          return onAnswered?.('livez', response.statusCode);
        default: {
          const [, namespace, name] = SERVICE_PATH.exec(path) ?? [];
          if (services === undefined || namespace === undefined || name === undefined)
            return answerNotFound(response);
          return answerServiceReport(response, namespace, name, services, now());
        }
      }
    },
  });
}

const SERVICE_PATH = /^\/healthz\/service\/([^/]+)\/([^/]+)$/;

function answerServiceReport(
  response: ServerResponse,
  namespace: string,
  name: string,
  services: Pick<ServiceReporter, 'report'>,
  nowMs: number,
): void {
  const { status, reasons } = services.report(namespace, name, nowMs);
  const body = {
    service: { namespace, name },
    healthy: status === 200,
    currentTime: formatGoTime(nowMs),
    reasons,
  };
  answer(response, status, 'application/json', JSON.stringify(body));
}

/** @param nodeEligible undefined when the node has no say. */
function answerHealth(
  response: ServerResponse,
  health: Pick<ProxyHealth, 'report'>,
  nowMs: number,
  nodeEligible: boolean | undefined,
): void {
  const report = health.report(nowMs);
  const ok = report.healthy && nodeEligible !== false;
  const families = [...report.families].map(([family, { lastUpdatedMs, healthy }]) => [
    family,
    { lastUpdated: formatGoTime(lastUpdatedMs), healthy },
  ]);
  // JSON.stringify leaves out what is undefined and keeps the order, and both are part of the format. A good answer
  // claims to be fresh, because load balancers of old looked at the age of lastUpdated.
  const body = JSON.stringify({
    lastUpdated: ok ? formatGoTime(nowMs) : formatOptionalTime(report.lastUpdatedMs),
    currentTime: formatGoTime(nowMs),
    nodeEligible,
    healthy: report.healthy,
    status: families.length === 0 ? undefined : Object.fromEntries(families),
  });
  answer(response, ok ? 200 : 503, 'application/json', body);
}

function formatOptionalTime(timeMs: number | undefined): string {
  return timeMs === undefined ? GO_ZERO_TIME : formatGoTime(timeMs);
}
