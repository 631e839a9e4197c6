/** What the components of a proxy find outside of the process, behind functions for which a test has its own. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { ConntrackTable } from '@menwei/netlink/conntrack';
import type { AnyBackend } from '../backends/backend.ts';
import {
  type LeftoverOrders,
  type LeftoverSearchResult,
  searchLeftovers,
} from '../backends/leftover-search.ts';
import type { Settings } from '../config/settings.ts';
import type { CleanerOptions } from '../conntrack/cleaner.ts';
import type { EventSink } from '../events/event-sender.ts';
import type { ApiClient } from '../kubernetes/api-client.ts';
import type { Logger } from '../log/logger.ts';
import type { ProxyMetrics } from '../metrics/proxy-metrics.ts';
import { startBackend } from '../setup/backends.ts';
import type { MachineAddresses } from '../setup/machine-addresses.ts';
import type { ObjectSource } from '../sources/source.ts';
import type { CurrentRelays } from './current-relays.ts';
import { observeOtherProxies } from './other-proxies.ts';
import type { SettingsInForce } from './settings-in-force.ts';

export interface ProxyEnvironment {
  /** May be run again after it has failed: see ObjectSource. */
  readonly source: ObjectSource;
  readonly addresses: MachineAddresses;
  /** What forwards in a mode that does so by itself. */
  readonly relays: CurrentRelays | undefined;
  /** A new backend. Throws KernelError. */
  readonly startBackend: (family: IpFamily, signal: AbortSignal) => Promise<AnyBackend>;
  readonly openConntrack: (family: IpFamily) => CleanerOptions['table'];
  /** Undefined: there is no API server to be told of events, or it is not to be told. */
  readonly openEventSink: (() => Promise<EventSink>) | undefined;
  /** A client of the API server. Rejects with ConnectionConfigError. @param limits of its own; those of the settings unless given */
  readonly openClient: (limits?: Pick<Settings['client'], 'qps' | 'burst'>) => Promise<ApiClient>;
  /** Pools and advertisements of files; undefined: there are none. */
  readonly lbConfig: ObjectSource | undefined;
  /** See {@link searchLeftovers}. */
  readonly searchLeftovers: (
    family: IpFamily,
    orders: LeftoverOrders,
    signal: AbortSignal,
  ) => Promise<LeftoverSearchResult>;
  /** See {@link observeOtherProxies}. */
  readonly observeOtherProxies: (signal: AbortSignal) => Promise<readonly string[]>;
}

type MachineParts = Pick<ProxyEnvironment, 'source' | 'lbConfig' | 'addresses' | 'relays'>;

/** What there is outside of the process on this machine. */
export function openEnvironment(
  settings: SettingsInForce,
  { source, lbConfig, addresses, relays }: MachineParts,
  runner: ToolRunner,
  logger: Logger,
  clientObserver: ProxyMetrics['client'],
): ProxyEnvironment {
  const surroundings = { runner, logger, localAddresses: addresses.local };
  return {
    source,
    lbConfig,
    addresses,
    relays,
    startBackend: (family, signal) =>
      startBackend(settings.current, family, { ...surroundings, relays: relays?.current }, signal),
    openConntrack: (family) => new ConntrackTable(family),
    openEventSink: eventSinkOpener(settings.current, clientObserver),
    openClient: async (limits) => {
      const { openApiServerClient } = await import('../setup/api-server-client.ts');
      const { client } = settings.current;
      return await openApiServerClient({ client: { ...client, ...limits } }, clientObserver);
    },
    searchLeftovers: (family, orders, signal) => {
      const { mode, ipvs } = settings.current;
      const { excludeCIDRs } = ipvs;
      const running = { mode, program: 'menwei' } as const;
      return searchLeftovers({ running, excludeCIDRs, family, runner, ...orders }, signal);
    },
    observeOtherProxies,
  };
}

function eventSinkOpener(
  settings: Settings,
  observer: ProxyMetrics['client'],
): ProxyEnvironment['openEventSink'] {
  if (settings.manifests.length > 0 || settings.dryRun) return undefined;
  return async () => {
    // What talks HTTP is there by then: the source has loaded it.
    const { openApiServerForEvents } = await import('../setup/event-sink.ts');
    return await openApiServerForEvents(settings, observer);
  };
}
