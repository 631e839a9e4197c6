/** Puts the rooms of the proxy together and keeps them running until a signal ends it. */
import { availableParallelism } from 'node:os';
import { kernelFiles } from '@menwei/kernel/kernel-file.ts';
import { applyKernelModule } from '@menwei/kernel/kernel-module.ts';
import { startToolRunner, type ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { findMode } from '../backends/modes.ts';
import type { Settings } from '../config/settings.ts';
import { applyConntrackSettings } from '../conntrack/kernel-settings.ts';
import { startHealthServer } from '../health/health-server.ts';
import type { HttpListener } from '../health/http-listener.ts';
import { isNodeEligible, ProxyHealth } from '../health/proxy-health.ts';
import { formatErrorChain } from '../log/error-text.ts';
import type { Logger } from '../log/logger.ts';
import { createLogger } from '../log/pino-logger.ts';
import { startMetricsServer } from '../metrics/metrics-server.ts';
import { createProxyMetrics } from '../metrics/proxy-metrics.ts';
import { NodeNotices, type ObservedNode } from '../proxy/node-notices.ts';
import { NodeState } from '../proxy/node-state.ts';
import { ServiceProxy } from '../proxy/service-proxy.ts';
import { heardBy, UnservedFamily } from '../proxy/unserved-family.ts';
import { findUnservable, startBackends, type Unserved } from '../setup/backends.ts';
import { UserError } from '../setup/failure.ts';
import { settleMode } from '../setup/fallback.ts';
import { openMachineAddresses } from '../setup/machine-addresses.ts';
import { openSource } from '../setup/object-source.ts';
import type { ProxyInput } from '../setup/proxy-options.ts';
import { openRelays } from '../setup/relays.ts';
import { readSettings } from '../setup/settings-input.ts';
import { VERSION } from '../setup/version.ts';
import { reportStatuses } from '../status/reported-status.ts';
import { cleanupKernel } from './cleanup-kernel.ts';
import { createFamilyParts } from './family-parts.ts';

/** How long the first sync waits for the own Node object of an API server (spec § 1.1). */
const NODE_GRACE_MS = 30_000;

/** Runs the proxy until SIGTERM or SIGINT, or cleans up if the flags say so. */
export async function runProxy({ flags, nodePortRange }: ProxyInput): Promise<void> {
  const runner = startToolRunner();
  const stop = stopOnSignals();
  try {
    const { settings, warnings } = await readSettings(flags);
    const logger = createLogger(settings.log);
    for (const warning of warnings) logger.warn({}, warning);
    if (settings.cleanup) await cleanupKernel(settings, runner, logger, stop.signal);
    else {
      const settled = await settleMode(settings, { runner, logger }, stop.signal);
      await serve(settled, nodePortRange, runner, logger, stop);
    }
  } catch (error) {
    // Told to end before it had begun.
    if (error !== stop.signal.reason) throw error;
  } finally {
    runner.close();
  }
}

async function serve(
  settings: Settings,
  nodePortRange: string | undefined,
  runner: ToolRunner,
  logger: Logger,
  stop: AbortController,
): Promise<void> {
  const source = await openSource(settings, nodePortRange, logger);
  const addresses = await openMachineAddresses(settings, findMode(settings.mode), stop.signal);
  const node = new NodeState(settings, addresses.all, addresses.local, addresses.own);
  const forwards = settings.mode === 'userspace' && !settings.dryRun;
  const relays = forwards ? openRelays(settings.userspace, logger) : undefined;
  const surroundings = { runner, logger, localAddresses: addresses.local, relays };
  if (!settings.dryRun) await setUpConntrack(settings, runner, logger, stop.signal);
  const { backends, unserved } = await startBackends(settings, surroundings, stop.signal);
  const unservable = Promise.withResolvers<void>();
  stop.signal.addEventListener('abort', () => unservable.resolve(), { once: true });
  const health = new ProxyHealth(2 * settings.syncPeriodMs);
  const metrics = createProxyMetrics(relays && (() => relays.stats()));
  const notices = new NodeNotices(observedBy(node, unserved), logger);
  const lookAtNode = () => {
    notices.update();
    const failure = findUnservable(node, unserved);
    if (failure !== undefined) unservable.reject(failure);
  };
  const parts = { settings, runner, addresses, node, health, metrics, logger };
  const families = backends.map((backend) => createFamilyParts(backend, parts));
  const proxy = new ServiceProxy({
    families: families.map((family) => family.proxy),
    healthServers: new Map(families.map(({ family, healthServers }) => [family, healthServers])),
    health,
    metrics,
    logger,
    minSyncPeriodMs: settings.minSyncPeriodMs,
    syncPeriodMs: settings.syncPeriodMs,
    nodeGraceMs: settings.manifests.length > 0 ? 0 : NODE_GRACE_MS,
    onNode: (object) => {
      node.update(object);
      lookAtNode();
    },
    onServiceCIDR: (name, cidrs) => node.serviceCIDRs.set(name, cidrs),
    nodePortObstacle: (family) => node.nodePortObstacle(family),
  });
  const unservedFamilies = Array.from(
    unserved,
    ([family, { message }]) => new UnservedFamily(family, message, settings.nodeName, Date.now()),
  );
  const servers = startServers(settings, node, health, logger, {
    metrics,
    mode: () => settings.mode,
    status: () =>
      reportStatuses(
        [proxy, ...unservedFamilies].flatMap((each) => each.status()),
        settings.mode,
        families.map(({ family, proxy: { tracker } }) => ({ ports: tracker.ports, node: node.view(family) })),
      ),
  });
  logger.info({ version: VERSION, mode: settings.mode, node: settings.nodeName }, 'starting menwei');
  lookAtNode();
  const addressesChanged = () => {
    notices.update();
    proxy.nodeChanged();
  };
  try {
    await untilStopped(stop, [
      proxy.run(stop.signal),
      unservable.promise,
      source.run(heardBy(proxy, unservedFamilies), stop.signal),
      addresses.follow(addressesChanged, logger, stop.signal),
      ...families.map((family) => family.run(stop.signal)),
      // Without hard failure a server keeps trying, and its promise with it.
      ...(settings.bindAddressHardFail ? servers.map((server) => server.listening) : []),
    ]);
  } finally {
    await Promise.all([
      // While connections drain, nobody is answered any more, load balancers included.
      relays?.close(settings.userspace.shutdownTimeoutMs),
      ...[...servers, ...families.map(({ healthServers }) => healthServers)].map((server) => server.close()),
    ]);
  }
  logger.info({}, 'menwei stopped; rules are left in place');
}

/** Before the backends: what they write depends on how conntrack is set. */
async function setUpConntrack(
  { conntrack }: Settings,
  runner: ToolRunner,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  await applyConntrackSettings(conntrack, {
    files: kernelFiles,
    usableCpus: availableParallelism(),
    loadModule: () => applyKernelModule(runner, 'nf_conntrack', signal),
    logger,
  });
}

/** Of a family that is not proxied there is nothing to say but that. */
function observedBy(node: NodeState, unserved: Unserved): ObservedNode {
  return {
    nodePortObstacle: (family) => (unserved.has(family) ? undefined : node.nodePortObstacle(family)),
    addressObstacle: (family) => (unserved.has(family) ? undefined : node.addressObstacle(family)),
    supportObstacle: (family) => (node.families.includes(family) ? unserved.get(family)?.message : undefined),
  };
}

function startServers(
  settings: Settings,
  node: NodeState,
  health: ProxyHealth,
  logger: Logger,
  observed: Omit<Parameters<typeof startMetricsServer>[0], 'address' | 'logger'>,
): readonly HttpListener[] {
  const { healthzBindAddress, metricsBindAddress, bindAddressHardFail: hardFail } = settings;
  const nodeEligible = () => settings.manifests.length > 0 || isNodeEligible(node.node);
  return [
    ...(healthzBindAddress === undefined
      ? []
      : [startHealthServer({ address: healthzBindAddress, health, nodeEligible, logger, hardFail })]),
    ...(metricsBindAddress === undefined
      ? []
      : [startMetricsServer({ address: metricsBindAddress, ...observed, logger, hardFail })]),
  ];
}

/** Resolves when the signal fires; the first part that fails ends the others, and its error is the user's. */
async function untilStopped(stop: AbortController, parts: readonly Promise<unknown>[]): Promise<void> {
  try {
    await Promise.all(parts);
  } catch (error) {
    stop.abort();
    throw new UserError(error instanceof Error ? formatErrorChain(error) : String(error));
  }
}

function stopOnSignals(): AbortController {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  return stop;
}
