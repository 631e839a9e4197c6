/** `menwei announce`: announces load-balancer addresses beside a proxy of another process, until a signal ends it. */
import { parseHostPort } from '@menwei/addresses/ip.ts';
import { kernelFiles } from '@menwei/kernel/kernel-file.ts';
import { nameOwnProcess } from '@menwei/kernel/processes.ts';
import type { GivenFlags } from '../config/flags.ts';
import type { AnnounceSettings, HostPort, Settings } from '../config/settings.ts';
import { EventSender } from '../events/event-sender.ts';
import { formatProblem, type Problem } from '../kubernetes/objects.ts';
import { formatErrorChain } from '../log/error-text.ts';
import type { Logger } from '../log/logger.ts';
import { createLogger } from '../log/pino-logger.ts';
import { ClientMetrics } from '../metrics/client-metrics.ts';
import { registerComponentMetrics } from '../metrics/component-metrics.ts';
import { registerProcessMetrics } from '../metrics/process-metrics.ts';
import { Registry } from '../metrics/registry.ts';
import { openApiServerClient } from '../setup/api-server-client.ts';
import { openApiServerForEvents } from '../setup/event-sink.ts';
import { UserError } from '../setup/failure.ts';
import { openLbConfig } from '../setup/lb-config-source.ts';
import { announcerFollowingOf, openSource } from '../setup/object-source.ts';
import { readSettings } from '../setup/settings-input.ts';
import { ObjectTables } from '../state/object-tables.ts';
import { announceServer } from './announce-server.ts';
import { Announcing, LEASE_LIMITS } from './announcing.ts';
import { type Component, ComponentStates } from './component.ts';
import { ForeignProxy } from './foreign-proxy.ts';
import { sourceComponent } from './source-component.ts';
import { requireStrictArp } from './strict-arp.ts';
import { supervise } from './supervisor.ts';

export interface AnnounceFlags {
  readonly proxyHealthzUrl: string;
  readonly statusBindAddress: string;
}

/** Until SIGTERM or SIGINT; throws UserError. */
export async function runAnnounce(given: GivenFlags, flags: AnnounceFlags): Promise<void> {
  const { settings, warnings } = await readSettings({ announce: ['l2'], ...given });
  const { announce } = settings;
  if (announce === undefined) throw new UserError(['--announce: must name what to announce by: l2'], 2);
  const address = readAddress(flags.statusBindAddress);
  requireUrl(flags.proxyHealthzUrl);
  requireStrictArp(kernelFiles);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const logger = createLogger({ ...settings.log, dryRun: false });
  for (const warning of warnings) logger.warn({}, warning);
  nameOwnProcess('menwei');
  const states = new ComponentStates();
  const proxy = new ForeignProxy(flags.proxyHealthzUrl, logger);
  const components = await openComponents({ settings, announce, address, proxy, states, logger });
  logger.info(
    { node: settings.nodeName, proxy: flags.proxyHealthzUrl },
    'announcing load-balancer addresses',
  );
  try {
    await supervise(components, { states, logger }, stop.signal);
  } catch (error) {
    throw new UserError(formatErrorChain(error));
  }
  logger.info({}, 'menwei announce stopped');
}

interface Opening {
  readonly settings: Settings;
  readonly announce: AnnounceSettings;
  readonly address: HostPort | undefined;
  readonly proxy: ForeignProxy;
  readonly states: ComponentStates;
  readonly logger: Logger;
}

async function openComponents(opening: Opening): Promise<readonly Component[]> {
  const { settings, announce, address, proxy, states, logger } = opening;
  const { nodeName } = settings;
  const registry = new Registry();
  const observer = new ClientMetrics(registry);
  registerProcessMetrics(registry);
  registerComponentMetrics(registry, () => states.all());
  const report = (problem: Problem) => logger.warn({}, formatProblem(problem));
  const hasApiServer = settings.manifests.length === 0;
  const tables = new ObjectTables(nodeName, { endpointNodes: true });
  const following = announcerFollowingOf(announce);
  const source = await openSource(settings, logger, { report, following, clientObserver: observer });
  const lbConfig = await openLbConfig(announce.configuration, logger, report);
  const openSink = hasApiServer ? () => openApiServerForEvents(settings, observer) : undefined;
  const events = new EventSender({ nodeName, openSink, logger });
  const announcing = new Announcing({
    settings: announce,
    nodeName,
    tables,
    sources: lbConfig === undefined ? 1 : 2,
    openProgrammed: proxy.open,
    openClient: hasApiServer
      ? () => openApiServerClient({ client: { ...settings.client, ...LEASE_LIMITS } }, observer)
      : undefined,
    needs: [],
    ...{ events, registry, logger },
  });
  return [
    { name: 'events', onFailure: 'restart', run: (signal, ready) => events.run(signal, ready) },
    proxy.component(),
    sourceComponent(source, tables),
    ...(lbConfig === undefined ? [] : [sourceComponent(lbConfig, tables, 'lb-config')]),
    announcing.component(),
    ...(address === undefined
      ? []
      : [announceServer({ address, registry, addresses: () => announcing.rows(), states, logger })]),
  ];
}

/** Undefined: an empty text, for none. */
function readAddress(text: string): HostPort | undefined {
  if (text === '') return undefined;
  const place = parseHostPort(text);
  if (place !== undefined && place.port > 0) return { host: place.ip, port: place.port };
  throw new UserError(
    [`--status-bind-address: ${text} is not an address and port such as 127.0.0.1:10265`],
    2,
  );
}

function requireUrl(text: string): void {
  const url = URL.parse(text);
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return;
  throw new UserError(
    [`--proxy-healthz-url: ${text} is not a URL such as http://127.0.0.1:10256/healthz`],
    2,
  );
}
