/** `menwei lb`: the load-balancer controller, until a signal ends it. */
import { ComponentStates } from '../../agent/component.ts';
import { supervise } from '../../agent/supervisor.ts';
import { type ApiClient, type ClientObserver, createApiClient } from '../../kubernetes/api-client.ts';
import { chooseConnection } from '../../kubernetes/connection-choice.ts';
import { formatErrorChain } from '../../log/error-text.ts';
import type { Logger } from '../../log/logger.ts';
import { createLogger } from '../../log/pino-logger.ts';
import { UserError } from '../../setup/failure.ts';
import { requireManifestsOrFail } from '../../setup/manifests-input.ts';
import { VERSION } from '../../setup/version.ts';
import type { ObjectSource } from '../../sources/source.ts';
import { startHAProxy } from './haproxy-component.ts';
import { type LbSurroundings, loadBalancerComponents } from './lb-components.ts';
import {
  type ApiServerObjects,
  type LbFlags,
  type LbOptions,
  type ManifestObjects,
  parseLbFlags,
} from './lb-options.ts';
import {
  apiServerSource,
  manifestSource,
  openStatusFile,
  openTables,
  withConfiguration,
} from './lb-sources.ts';

/** Each list and watch has its own connection; what is left of these is for writes. */
const EVENTS_PER_SECOND = 20;
const EVENTS_AT_ONCE = 200;

/** Until SIGTERM or SIGINT. */
export async function runLb(flags: LbFlags): Promise<void> {
  const parsed = parseLbFlags(flags);
  if ('errors' in parsed) throw new UserError(parsed.errors, 2);
  const { options } = parsed;
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const logger = createLogger({ format: 'text', verbosity: options.verbosity });
  await requireManifestsOrFail(options.configuration);
  const { objects } = options;
  if (objects.from === 'manifests') await runFromManifests(options, objects, logger, stop.signal);
  else await runFromApiServer(options, objects, logger, stop.signal);
  logger.info({}, 'menwei lb stopped; Services keep their addresses');
}

async function runFromManifests(
  options: LbOptions,
  { paths, statusFile }: ManifestObjects,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  await requireManifestsOrFail(paths);
  const tables = await openStatusFile(statusFile, logger);
  const source = manifestSource(paths, logger);
  await runAll({ options, tables, source, writes: { to: 'file', writer: tables }, logger }, signal);
}

async function runFromApiServer(
  options: LbOptions,
  { kubeconfig, master, qps, burst, leaderElect }: ApiServerObjects,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const connection = await chooseConnection({ kubeconfig, master }, (message) => logger.warn({}, message));
  const userAgent = `menwei-lb/${VERSION}`;
  const open = (
    limits: { readonly qps: number; readonly burst: number },
    observer?: ClientObserver,
  ): ApiClient => createApiClient(connection, { userAgent, ...limits, observer });
  const client = open({ qps, burst });
  const tables = openTables();
  const source = apiServerSource(client, options.namespace, logger);
  const writes = {
    to: 'api-server',
    openClient: async (observer: ClientObserver) => open({ qps, burst }, observer),
    openEventClient: async () => open({ qps: EVENTS_PER_SECOND, burst: EVENTS_AT_ONCE }),
    leaderElect,
  } as const;
  logger.info({ server: connection.server, leaderElect }, 'objects are read from the API server');
  try {
    await runAll({ options, tables, source, writes, logger }, signal);
  } finally {
    await client.close();
  }
}

interface Run extends Pick<LbSurroundings, 'tables' | 'writes' | 'logger'> {
  readonly options: LbOptions;
  readonly source: ObjectSource;
}

async function runAll({ options, tables, source, writes, logger }: Run, signal: AbortSignal): Promise<void> {
  const { configuration, classes, classlessAs } = options;
  const states = new ComponentStates();
  const sources = withConfiguration(source, configuration, logger);
  using haproxy = startHAProxy(options.haproxy, logger);
  const { balancers } = haproxy;
  const surroundings = { options, tables, sources, writes, balancers, states, logger };
  const components = [...haproxy.components, ...loadBalancerComponents(surroundings)];
  logger.info({ classes: [...classes], classlessAs }, 'load-balancer controller starts');
  try {
    await supervise(components, { states, logger }, signal);
  } catch (error) {
    throw new UserError(formatErrorChain(error));
  }
}
