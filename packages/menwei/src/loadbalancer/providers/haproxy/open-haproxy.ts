/** From what an operator says to a HAProxy that can be used: one that is started here, or one that runs already. */
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import type { Logger } from '../../../log/logger.ts';
import { pause } from '../../../scheduling/pause.ts';
import { AdminSocket, parseSocketAddress, type SocketAddress } from './admin-socket.ts';
import { ConfigStore } from './config-store.ts';
import { HAProxyProcess, processPaths } from './haproxy-process.ts';
import { HAProxyProvider } from './haproxy-provider.ts';
import { RunningHAProxy } from './running-haproxy.ts';
import { isClusterId } from './section.ts';

/** As flags have it (docs/haproxy.md); empty where nothing is said. */
export interface HAProxySettings {
  /** Stands in the names of sections, so that clusters can share an HAProxy. */
  readonly cluster: string;
  /** A name on the PATH or an absolute path: what checks configurations, and what is started. */
  readonly binary: string;
  /** Where an HAProxy that is started here has its files and sockets. */
  readonly folder: string;
  /** Of one that runs already: the file that is written, and those that it reads before that one. */
  readonly configFile: string;
  readonly baseFiles: readonly string[];
  /** Of one that runs already: paths, or addresses of this machine. */
  readonly adminSocket: string;
  readonly masterSocket: string;
}

export const DEFAULT_HAPROXY_SETTINGS: HAProxySettings = {
  cluster: 'kubernetes',
  binary: 'haproxy',
  folder: '/run/menwei/haproxy',
  configFile: '',
  baseFiles: [],
  adminSocket: '',
  masterSocket: '',
};

export interface OpenHAProxy {
  readonly provider: HAProxyProvider;
  /** What has to run beside the provider, until the signal fires: HAProxy itself, where it is started here. */
  run(signal: AbortSignal): Promise<void>;
}

interface Parts {
  readonly tools: ToolRunner;
  readonly logger: Logger;
}

const SWEEP_MS = 30_000;

/** A text says which flag is wrong, and why. */
export function openHAProxy(settings: HAProxySettings, parts: Parts): OpenHAProxy | string {
  const { cluster } = settings;
  if (!isClusterId(cluster))
    return `--haproxy-cluster: ${JSON.stringify(cluster)} is no name for a cluster: letters, digits, "-", "_" and ".", at most 63`;
  return settings.configFile === '' ? startHere(settings, parts) : useRunning(settings, parts);
}

function startHere(settings: HAProxySettings, { tools, logger }: Parts): OpenHAProxy | string {
  const { cluster, binary, folder, adminSocket, masterSocket, baseFiles } = settings;
  if (adminSocket !== '' || masterSocket !== '' || baseFiles.length > 0) {
    return '--haproxy-config: an HAProxy that runs already needs the file that it reads and this program writes';
  }
  const paths = processPaths(folder);
  if (typeof paths === 'string') return `--haproxy-folder: ${paths}`;
  const store = new ConfigStore({
    cluster,
    path: paths.services,
    baseFiles: [paths.base],
    binary,
    tools,
    logger,
  });
  const child = new HAProxyProcess({ binary, folder, paths, store, logger });
  const running = openRunning(cluster, { path: paths.admin }, { path: paths.master });
  const provider = new HAProxyProvider({
    cluster,
    store,
    running,
    takeAlerts: () => child.takeAlerts(),
    begun: () => child.begun,
  });
  return {
    provider,
    run: async (signal) => {
      await Promise.all([child.run(signal), sweepAgainAndAgain(provider, logger, signal)]);
    },
  };
}

function useRunning(settings: HAProxySettings, { tools, logger }: Parts): OpenHAProxy | string {
  const { cluster, binary, configFile, baseFiles } = settings;
  const files = [
    ...baseFiles.map((file) => ['--haproxy-base-config', file]),
    ['--haproxy-config', configFile],
  ];
  const relative = files.find(([, file]) => !file?.startsWith('/'));
  if (relative !== undefined) return `${relative[0]}: ${JSON.stringify(relative[1])} is no absolute path`;
  const admin = parseSocketAddress(settings.adminSocket);
  if (typeof admin === 'string') return `--haproxy-socket: ${admin}`;
  const master = parseSocketAddress(settings.masterSocket);
  if (typeof master === 'string') return `--haproxy-master-socket: ${master}`;
  const store = new ConfigStore({ cluster, path: configFile, baseFiles, binary, tools, logger });
  const provider = new HAProxyProvider({ cluster, store, running: openRunning(cluster, admin, master) });
  return { provider, run: (signal) => sweepAgainAndAgain(provider, logger, signal) };
}

function openRunning(cluster: string, admin: SocketAddress, master: SocketAddress): RunningHAProxy {
  return new RunningHAProxy(cluster, new AdminSocket(admin), new AdminSocket(master));
}

async function sweepAgainAndAgain(
  provider: HAProxyProvider,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await pause(SWEEP_MS, signal);
    if (signal.aborted) return;
    try {
      await provider.sweep(signal);
    } catch (error) {
      if (!signal.aborted) logger.verbose(2, { err: error }, 'servers that have left are not deleted yet');
    }
  }
}
