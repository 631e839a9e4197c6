/**
 * The components of `menwei run`, as the settings have them (docs/architecture.md has them in a table). What they share is
 * made here and outlives each of them: what is known of the node, the service ports and what became of them, the metrics.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { HealthChecker } from '../checks/health-checker.ts';
import type { Settings } from '../config/settings.ts';
import { isNodeEligible, ProxyHealth } from '../health/proxy-health.ts';
import { ServiceReporter } from '../health/service-report.ts';
import type { Logger } from '../log/logger.ts';
import { HealthCheckMetrics } from '../metrics/health-check-metrics.ts';
import type { ProxyMetrics } from '../metrics/proxy-metrics.ts';
import type { Introspection } from '../metrics/zpages.ts';
import { NodeState } from '../proxy/node-state.ts';
import type { NodeWaitOptions } from '../proxy/node-wait.ts';
import { ServiceProxy } from '../proxy/service-proxy.ts';
import { serviceRules } from '../proxy/service-rules.ts';
import { UnservedFamily } from '../proxy/unserved-family.ts';
import type { Started } from '../setup/backends.ts';
import { VERSION } from '../setup/version.ts';
import { State } from '../state/state.ts';
import { ProxyStatus } from '../status/proxy-status.ts';
import type { Component, ComponentStates } from './component.ts';
import { dnsComponent } from './dns-component.ts';
import type { ProxyEnvironment } from './environment.ts';
import { FamilyParts, proxyName, proxyTrouble } from './family-components.ts';
import { observeTraffic } from './measurements.ts';
import { NodeEvents } from './node-events.ts';
import { nodeTaintComponent } from './node-taint.ts';
import { NodeWatcher } from './node-watcher.ts';
import type { CreateAnnouncing } from './proxy-announcing.ts';
import { serverComponents } from './server-components.ts';
import type { SettingsInForce } from './settings-in-force.ts';
import { sourceComponent } from './source-component.ts';
import { keepVerdicts } from './verdict-keeping.ts';

/** How long the first sync waits for the own Node object of an API server, and how much longer for podCIDRs (spec § 1.1). */
const NODE_GRACE_MS = 30_000;
const POD_CIDRS_GRACE_MS = 300_000;

interface ProxyParts {
  readonly settings: SettingsInForce;
  /** See {@link configFileComponent}; undefined without a file. */
  readonly configFile?: Component | undefined;
  /** What the process tells of itself; undefined: nothing. */
  readonly introspection?: Introspection | undefined;
  readonly environment: ProxyEnvironment;
  /** Undefined: nothing is announced. */
  readonly createAnnouncing?: CreateAnnouncing | undefined;
  /** The backends that the proxies run with first. */
  readonly started: Started;
  /** Where the components stand, for who asks the proxy. */
  readonly states: ComponentStates;
  readonly metrics: ProxyMetrics;
  readonly logger: Logger;
}

export function proxyComponents(parts: ProxyParts): readonly Component[] {
  const { settings: inForce, environment, started, states, metrics, logger } = parts;
  const settings = inForce.current;
  const { addresses, relays } = environment;
  const state = new State(settings.nodeName, { endpointNodes: settings.announce !== undefined });
  const node = new NodeState(settings, addresses);
  const health = new ProxyHealth(healthTimeoutMs(settings), () => performance.now());
  const served = started.backends.map(({ family }) => family);
  const { openEventSink } = environment;
  const nodeView = (family: IpFamily) => node.view(family);
  const events = new NodeEvents({ settings, openEventSink, state, served, nodeView, logger });
  const { recorder } = events;
  const shared = { settings: inForce, environment, state, node, health, metrics, events: recorder, logger };
  const families = started.backends.map((backend) => new FamilyParts(backend, shared));
  metrics.follow({
    state,
    families: families.map((family) => measuredFamily(family, node)),
    serviceLimit: () => inForce.current.serviceMetricsLimit,
    tellsEndpoints: settings.healthChecks.endpointMetrics,
  });
  const watcher = new NodeWatcher({ settings, node, served, unserved: started.unserved, logger });
  node.follow(state.objects, () => watcher.look());
  const proxy = new ServiceProxy({
    state,
    families: families.map((family) => family.proxy),
    health,
    logger,
    periods: () => inForce.current,
    onQueued: (family) => metrics.syncs.queued(family, Date.now()),
    ...nodeWaits(settings, (reason) => watcher.fail(reason)),
    onNodeSettled: () => watcher.settled(),
  });
  inForce.onChange((now, before) => {
    health.timeoutMs = healthTimeoutMs(now);
    // A backend looks for drift as often as it was told at its start.
    if (now.syncPeriodMs !== before.syncPeriodMs) for (const family of families) family.restart();
  });
  tellOfUnserved(started, state, settings);
  const status = new ProxyStatus({
    state,
    node,
    served,
    nodeName: settings.nodeName,
    mode: settings.mode,
    modeReason: settings.modeReason,
    answeredVIPs: settings.answeredVIPs,
    warning: (family) => describeWarnings(family, state, states),
    logger,
  });
  const checkMetrics = new HealthCheckMetrics(metrics.registry);
  const announcing = parts.createAnnouncing?.({ ...shared, settings, served });
  events.started();
  return [
    ...(parts.configFile === undefined ? [] : [parts.configFile]),
    events.component(),
    watcher.support(),
    ...serverComponents(settings, {
      health,
      introspection: parts.introspection,
      failedToListen: (server, why) => events.failedToListen(server, why),
      services: new ServiceReporter({ state, served, nodeView: (family) => node.view(family), health }),
      nodeEligible: () => settings.manifests.length > 0 || isNodeEligible(node.node),
      metrics,
      status,
      addresses: announcing && (() => announcing.rows()),
      components: () => states.all(),
      logger,
    }),
    ...(relays === undefined ? [] : [relays.component()]),
    ...families.flatMap((family) => family.components(proxy, relays === undefined ? [] : [relays.name])),
    {
      name: 'health-checker',
      onFailure: 'restart',
      run: async (signal, ready) => {
        const checker = new HealthChecker({
          state,
          families: served,
          nodeName: settings.nodeName,
          nodeView: (family) => node.view(family),
          ratePerSecond: settings.healthChecks.ratePerSecond,
          sharing:
            settings.manifests.length > 0 || settings.dryRun
              ? undefined
              : { openClient: () => environment.openClient() },
          userAgent: `menwei-health/${VERSION}`,
          events: recorder,
          metrics: checkMetrics,
          logger,
        });
        await checker.run(signal, ready);
      },
    },
    ...keepVerdicts({ settings, state, served, logger }),
    sourceComponent(environment.source, state.objects),
    ...announceConfiguration(environment, state),
    ...(announcing === undefined ? [] : [announcing.component()]),
    ...(settings.dns === undefined || settings.dryRun ? [] : [dnsComponent(settings.dns, settings)]),
    ...taintRemoval(settings, environment, served, logger),
    watcher.addresses(addresses, () => proxy.nodeChanged()),
  ];
}

/** Pools and advertisements of files, beside those of the source. */
function announceConfiguration(
  { lbConfig: source }: ProxyEnvironment,
  { objects }: State,
): readonly Component[] {
  return source === undefined ? [] : [sourceComponent(source, objects, 'lb-config')];
}

function measuredFamily(parts: FamilyParts, node: NodeState) {
  return {
    family: parts.family,
    node: () => node.view(parts.family),
    pendingChanges: () => parts.proxy.pendingChanges,
    traffic: () => observeTraffic(parts.proxy),
  };
}

/** Of each service port of a family that can't be served: that it is not, and why. */
function tellOfUnserved({ unserved }: Started, state: State, settings: Settings): void {
  const { objects } = state;
  const rules = serviceRules(settings);
  for (const [family, { message: reason }] of unserved) {
    const tables = state.families[family];
    new UnservedFamily({ objects, tables, reason, sinceMs: Date.now(), rules });
  }
}

/** What is wrong with a family as a whole; undefined: nothing. */
function describeWarnings(family: IpFamily, state: State, states: ComponentStates): string | undefined {
  const warnings = [proxyTrouble(states, family), state.families[family].otherProxies.get(family)?.warning];
  return warnings.filter((text) => text !== undefined).join('; ') || undefined;
}

/** Where there is a taint to be removed, and something may be changed. */
function taintRemoval(
  { taintUntilReady: taint, nodeName, dryRun }: Settings,
  { openClient }: ProxyEnvironment,
  served: readonly IpFamily[],
  logger: Logger,
): readonly Component[] {
  if (taint === undefined || dryRun) return [];
  const needs = served.map(proxyName);
  return [nodeTaintComponent({ taint, nodeName, openClient, needs, logger })];
}

/** How long a requested sync may take to be done (spec § 9.1). */
function healthTimeoutMs({ syncPeriodMs }: Pick<Settings, 'syncPeriodMs'>): number {
  return 2 * syncPeriodMs;
}

/** Files that have no Node, or one without podCIDRs, may stay so for ever. */
function nodeWaits(
  { manifests, detectLocalMode }: Settings,
  failed: (reason: string) => void,
): Pick<NodeWaitOptions, 'nodeGraceMs' | 'podCIDRs'> {
  if (manifests.length > 0) return { nodeGraceMs: 0 };
  const podCIDRs = { graceMs: POD_CIDRS_GRACE_MS, failed };
  return { nodeGraceMs: NODE_GRACE_MS, ...(detectLocalMode === 'NodeCIDR' ? { podCIDRs } : {}) };
}
