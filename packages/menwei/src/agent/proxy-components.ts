/**
 * The components of `menwei run`, as the settings have them (docs/architecture.md has them in a table). What they share is
 * made here and outlives each of them: what is known of the node, the service ports and what became of them, the metrics.
 */
import type { Settings } from '../config/settings.ts';
import { isNodeEligible, ProxyHealth } from '../health/proxy-health.ts';
import type { Logger } from '../log/logger.ts';
import { createProxyMetrics } from '../metrics/proxy-metrics.ts';
import { NodeState } from '../proxy/node-state.ts';
import { ServiceProxy } from '../proxy/service-proxy.ts';
import { heardBy, UnservedFamily } from '../proxy/unserved-family.ts';
import type { Started } from '../setup/backends.ts';
import { reportStatuses } from '../status/reported-status.ts';
import type { Component, ComponentStates } from './component.ts';
import type { ProxyDoors } from './doors.ts';
import { FamilyParts } from './family-components.ts';
import { NodeWatcher } from './node-watcher.ts';
import { serverComponents } from './server-components.ts';
import { SourceRuns } from './source-runs.ts';

/** How long the first sync waits for the own Node object of an API server (spec § 1.1). */
const NODE_GRACE_MS = 30_000;

interface ProxyParts {
  readonly settings: Settings;
  readonly doors: ProxyDoors;
  /** The backends that the proxies run with first. */
  readonly started: Started;
  /** Where the components stand, for who asks the proxy. */
  readonly states: ComponentStates;
  readonly logger: Logger;
}

export function proxyComponents(parts: ProxyParts): readonly Component[] {
  const { settings, doors, started, states, logger } = parts;
  const { addresses, relays } = doors;
  const node = new NodeState(settings, addresses.all, addresses.local, addresses.own);
  const health = new ProxyHealth(2 * settings.syncPeriodMs);
  const metrics = createProxyMetrics({
    relays: relays && (() => relays.current.stats()),
    components: () => states.all(),
  });
  const families = started.backends.map(
    (backend) => new FamilyParts(backend, { settings, doors, node, health, metrics, logger }),
  );
  const watcher = new NodeWatcher(node, started.unserved, logger);
  const proxy = new ServiceProxy({
    families: families.map((family) => family.proxy),
    healthServers: new Map(families.map(({ family, healthFeed }) => [family, healthFeed])),
    health,
    metrics,
    logger,
    minSyncPeriodMs: settings.minSyncPeriodMs,
    syncPeriodMs: settings.syncPeriodMs,
    nodeGraceMs: settings.manifests.length > 0 ? 0 : NODE_GRACE_MS,
    onNode: (object) => {
      node.update(object);
      watcher.look();
    },
    onServiceCIDR: (name, cidrs) => node.serviceCIDRs.set(name, cidrs),
    nodePortObstacle: (family) => node.nodePortObstacle(family),
  });
  const unserved = Array.from(
    started.unserved,
    ([family, { message }]) => new UnservedFamily(family, message, settings.nodeName, Date.now()),
  );
  const status = () =>
    reportStatuses(
      [proxy, ...unserved].flatMap((each) => each.status()),
      settings.mode,
      families.map(({ family, proxy: { tracker } }) => ({ ports: tracker.ports, node: node.view(family) })),
    );
  return [
    watcher.support(),
    ...serverComponents(settings, {
      health,
      nodeEligible: () => settings.manifests.length > 0 || isNodeEligible(node.node),
      metrics,
      status,
      components: () => states.all(),
      logger,
    }),
    ...(relays === undefined ? [] : [relays.component()]),
    ...families.flatMap((family) => family.components(proxy, relays === undefined ? [] : [relays.name])),
    new SourceRuns(doors.source, heardBy(proxy, unserved)).component(),
    watcher.addresses(addresses, () => proxy.nodeChanged()),
  ];
}
