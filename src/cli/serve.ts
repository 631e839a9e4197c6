/** Puts the rooms of the proxy together and keeps them running until a signal ends it. */
import { availableParallelism } from 'node:os';
import type { IpFamily } from '../addresses/ip.ts';
import type { AnyBackend } from '../backends/backend.ts';
import type { Settings } from '../config/settings.ts';
import { FlowCutter, type Settlement } from '../conntrack/flow-cutter.ts';
import { applyConntrackSettings } from '../conntrack/kernel-settings.ts';
import { startHealthServer } from '../health/health-server.ts';
import type { HttpListener } from '../health/http-listener.ts';
import { isNodeEligible, ProxyHealth } from '../health/proxy-health.ts';
import { ServiceHealthServers } from '../health/service-health-servers.ts';
import { kernelFiles } from '../kernel/kernel-file.ts';
import { applyKernelModule } from '../kernel/kernel-module.ts';
import { FlowTable } from '../kernel/netlink/conntrack.ts';
import { openFlowSocket } from '../kernel/netlink/conntrack-socket.ts';
import { startToolRunner, type ToolRunner } from '../kernel/tool-runner.ts';
import { formatErrorChain } from '../log/error-text.ts';
import type { Logger } from '../log/logger.ts';
import { createLogger } from '../log/pino-logger.ts';
import { startMetricsServer } from '../metrics/metrics-server.ts';
import { createProxyMetrics, type ProxyMetrics } from '../metrics/proxy-metrics.ts';
import { dryRun } from '../proxy/dry-run.ts';
import { FamilyProxy } from '../proxy/family-proxy.ts';
import { FlowCutting } from '../proxy/flow-cutting.ts';
import { NodeNotices, type ObservedNode } from '../proxy/node-notices.ts';
import { NodeState } from '../proxy/node-state.ts';
import { ServiceProxy } from '../proxy/service-proxy.ts';
import { heardBy, UnservedFamily } from '../proxy/unserved-family.ts';
import { ServiceTracker } from '../services/service-tracker.ts';
import { findUnservable, startBackends, type Unserved } from './backends.ts';
import { cleanupKernel } from './cleanup-kernel.ts';
import { UserError } from './failure.ts';
import { settleMode } from './fallback.ts';
import { LeftoverRemoval } from './leftover-removal.ts';
import { type MachineAddresses, openMachineAddresses } from './machine-addresses.ts';
import { findMode } from './modes.ts';
import { openSource } from './object-source.ts';
import type { ProxyInput } from './proxy-options.ts';
import { openRelays } from './relays.ts';
import { readSettings } from './settings-input.ts';
import { VERSION } from './version.ts';

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
  const healthServers = new Map(
    backends.map(({ family }) => [
      family,
      createServiceHealthServers(settings, family, node, health, logger),
    ]),
  );
  // A dry run leaves flows alone, too.
  const cutFamilies = settings.dryRun ? [] : backends.map(({ family }) => family);
  const flowCuttings = new Map(
    cutFamilies.map((family) => [family, createFlowCutting(family, addresses, metrics, logger)]),
  );
  const notices = new NodeNotices(observedBy(node, unserved), logger);
  const lookAtNode = () => {
    notices.update();
    const failure = findUnservable(node, unserved);
    if (failure !== undefined) unservable.reject(failure);
  };
  const removals = new Map(
    backends.map(({ family }) => [
      family,
      createLeftoverRemoval(settings, family, runner, flowCuttings.get(family), logger),
    ]),
  );
  const onSettled = (family: IpFamily, settlement: Settlement): void => {
    flowCuttings.get(family)?.settled(settlement);
    removals.get(family)?.settled(settlement);
  };
  const proxy = new ServiceProxy({
    families: backends.map((backend) => createFamilyProxy(settings, backend, node, onSettled, logger)),
    healthServers,
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
    status: () => [proxy, ...unservedFamilies].flatMap((each) => each.status()),
  });
  logger.info({ version: VERSION, mode: settings.mode, node: settings.nodeName }, 'menwei starts');
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
      ...Array.from(flowCuttings.values(), (cutting) => cutting.run(stop.signal)),
      ...Array.from(removals.values(), (removal) => removal.run(stop.signal)),
      // Without hard failure a server keeps trying, and its promise with it.
      ...(settings.bindAddressHardFail ? servers.map((server) => server.listening) : []),
    ]);
  } finally {
    await Promise.all([
      // While connections drain, nobody is answered any more, load balancers included.
      relays?.close(settings.userspace.shutdownTimeoutMs),
      ...[...servers, ...healthServers.values()].map((server) => server.close()),
    ]);
  }
  logger.info({}, 'menwei ends; the rules stay in place');
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

function createFlowCutting(
  family: IpFamily,
  addresses: MachineAddresses,
  metrics: ProxyMetrics,
  logger: Logger,
): FlowCutting {
  const flows = new FlowTable(family, openFlowSocket);
  return new FlowCutting(
    new FlowCutter({
      family,
      flows,
      localAddresses: addresses.all,
      logger,
      onCut: ({ seconds, flows }) => metrics.observeFlowCut(family, seconds, flows),
    }),
  );
}

function createLeftoverRemoval(
  settings: Settings,
  family: IpFamily,
  runner: ToolRunner,
  flowCutting: FlowCutting | undefined,
  logger: Logger,
): LeftoverRemoval {
  return new LeftoverRemoval({
    settings,
    family,
    runner,
    logger,
    print: settings.dryRun ? print : undefined,
    onRemoved: (node) => flowCutting?.settled({ ports: new Map(), node, complete: true }),
  });
}

function print(text: string): void {
  process.stdout.write(text);
}

function createFamilyProxy(
  settings: Settings,
  backend: AnyBackend,
  node: NodeState,
  onSettled: (family: IpFamily, settlement: Settlement) => void,
  logger: Logger,
) {
  const { family } = backend;
  return new FamilyProxy({
    backend: settings.dryRun ? dryRun(backend, print) : backend,
    tracker: new ServiceTracker({ family, nodeName: settings.nodeName, startedAtMs: Date.now() }),
    nodeView: () => node.view(family),
    logger,
    maxRetryMs: settings.syncPeriodMs,
    onSettled: (settlement) => onSettled(family, settlement),
  });
}

function createServiceHealthServers(
  settings: Settings,
  family: IpFamily,
  node: NodeState,
  health: ProxyHealth,
  logger: Logger,
): ServiceHealthServers {
  return new ServiceHealthServers({
    family,
    addresses: () => node.nodePortAddresses(family),
    proxyHealthy: () => health.healthy(Date.now()),
    nodeName: settings.nodeName,
    logger,
  });
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
