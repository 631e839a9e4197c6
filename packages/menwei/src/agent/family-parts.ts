/** All that serves one IP family, put together. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { ConntrackTable } from '@menwei/netlink/conntrack';
import type { AnyBackend } from '../backends/backend.ts';
import type { Settings } from '../config/settings.ts';
import { FlowCutter } from '../conntrack/flow-cutter.ts';
import type { ProxyHealth } from '../health/proxy-health.ts';
import { ServiceHealthServers } from '../health/service-health-servers.ts';
import type { Logger } from '../log/logger.ts';
import type { ProxyMetrics } from '../metrics/proxy-metrics.ts';
import { dryRun } from '../proxy/dry-run.ts';
import { FamilyProxy, type Syncable } from '../proxy/family-proxy.ts';
import { FlowCutting } from '../proxy/flow-cutting.ts';
import type { NodeState } from '../proxy/node-state.ts';
import { ServiceTracker } from '../services/service-tracker.ts';
import type { MachineAddresses } from '../setup/machine-addresses.ts';
import { LeftoverRemoval } from './leftover-removal.ts';

/** What both families have in common. */
export interface FamilySurroundings {
  readonly settings: Settings;
  readonly runner: ToolRunner;
  readonly addresses: MachineAddresses;
  readonly node: NodeState;
  readonly health: ProxyHealth;
  readonly metrics: ProxyMetrics;
  readonly logger: Logger;
}

export interface FamilyParts {
  readonly family: IpFamily;
  readonly proxy: Syncable;
  readonly healthServers: ServiceHealthServers;
  /** What goes on beside the syncs, until the signal fires. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

export function createFamilyParts(backend: AnyBackend, surroundings: FamilySurroundings): FamilyParts {
  const { settings, node, logger } = surroundings;
  const { family } = backend;
  // A dry run leaves flows alone, too.
  const flowCutting = settings.dryRun ? undefined : createFlowCutting(family, surroundings);
  const removal = createLeftoverRemoval(family, flowCutting, surroundings);
  const proxy = new FamilyProxy({
    backend: settings.dryRun ? dryRun(backend, print) : backend,
    tracker: new ServiceTracker({ family, nodeName: settings.nodeName, startedAtMs: Date.now() }),
    nodeView: () => node.view(family),
    logger,
    maxRetryMs: settings.syncPeriodMs,
    onSettled: (settlement) => {
      flowCutting?.settled(settlement);
      removal.settled(settlement);
    },
  });
  return {
    family,
    proxy,
    healthServers: createServiceHealthServers(family, surroundings),
    run: async (signal) => {
      await Promise.all([flowCutting?.run(signal), removal.run(signal)]);
    },
  };
}

function createFlowCutting(
  family: IpFamily,
  { addresses, metrics, logger }: FamilySurroundings,
): FlowCutting {
  return new FlowCutting(
    new FlowCutter({
      family,
      flows: new ConntrackTable(family),
      localAddresses: addresses.all,
      logger,
      onCut: ({ seconds, flows }) => metrics.observeFlowCut(family, seconds, flows),
    }),
  );
}

function createLeftoverRemoval(
  family: IpFamily,
  flowCutting: FlowCutting | undefined,
  { settings, runner, logger }: FamilySurroundings,
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

function createServiceHealthServers(
  family: IpFamily,
  { settings, node, health, logger }: FamilySurroundings,
): ServiceHealthServers {
  return new ServiceHealthServers({
    family,
    addresses: () => node.nodePortAddresses(family),
    proxyHealthy: () => health.healthy(Date.now()),
    nodeName: settings.nodeName,
    logger,
  });
}

function print(text: string): void {
  process.stdout.write(text);
}
