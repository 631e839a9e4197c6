/** The servers that tell others about the proxy. */
import type { Settings } from '../config/settings.ts';
import { type HealthServerOptions, startHealthServer } from '../health/health-server.ts';
import { type HttpListener, serveUntilAborted } from '../http/http-listener.ts';
import { formatErrorChain } from '../log/error-text.ts';
import { type MetricsServerOptions, startMetricsServer } from '../metrics/metrics-server.ts';
import type { Introspection } from '../metrics/zpages.ts';
import type { Component } from './component.ts';

type ServerName = 'health-server' | 'metrics-server';

interface Told {
  readonly introspection: Introspection | undefined;
  /** Called before a server fails for good because its address can't be bound. */
  readonly failedToListen: (server: ServerName, why: string) => void;
}

type ServerSurroundings = Told &
  Required<Pick<HealthServerOptions, 'health' | 'nodeEligible' | 'services' | 'logger'>> &
  Required<Pick<MetricsServerOptions, 'metrics' | 'status' | 'components'>> &
  Pick<MetricsServerOptions, 'addresses'>;

type ServerSettings = Pick<
  Settings,
  'healthzBindAddress' | 'metricsBindAddress' | 'bindAddressHardFail' | 'mode'
>;

/** Those that the settings ask for. With a hard failure a port that can't be bound ends the process. */
export function serverComponents(
  { healthzBindAddress, metricsBindAddress, bindAddressHardFail: hardFail, mode }: ServerSettings,
  {
    health,
    nodeEligible,
    services,
    metrics,
    status,
    addresses,
    components,
    introspection,
    failedToListen,
    logger,
  }: ServerSurroundings,
): readonly Component[] {
  const onFailure = hardFail ? 'end the process' : 'restart';
  const server = (name: ServerName, start: () => HttpListener): Component => ({
    name,
    onFailure,
    run: async (signal, ready) => {
      const listener = start();
      if (hardFail) listener.listening.catch((error) => failedToListen(name, formatErrorChain(error)));
      await serveUntilAborted(listener, signal, ready);
    },
  });
  return [
    ...(healthzBindAddress === undefined
      ? []
      : [
          server('health-server', () =>
            startHealthServer({
              ...{ address: healthzBindAddress, health, nodeEligible, services, logger, hardFail },
              onAnswered: (path, status) => metrics.observeHealthAnswer(path, status),
            }),
          ),
        ]),
    ...(metricsBindAddress === undefined
      ? []
      : [
          server('metrics-server', () =>
            startMetricsServer({
              ...{ address: metricsBindAddress, metrics, mode: () => mode, status, addresses, components },
              ...{ logger, hardFail, ...(introspection === undefined ? {} : { introspection }) },
            }),
          ),
        ]),
  ];
}
