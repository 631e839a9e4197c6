/** The components that serve one IP family, and what outlives each of them. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
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
import type { ServiceProxy } from '../proxy/service-proxy.ts';
import { ServiceTracker } from '../services/service-tracker.ts';
import type { Component } from './component.ts';
import type { ProxyDoors } from './doors.ts';
import { LeftoverRemoval } from './leftover-removal.ts';
import { ServiceHealthFeed } from './service-health-feed.ts';

/** What both families have in common. */
interface FamilySurroundings {
  readonly settings: Settings;
  readonly doors: ProxyDoors;
  readonly node: NodeState;
  readonly health: ProxyHealth;
  readonly metrics: ProxyMetrics;
  readonly logger: Logger;
}

export class FamilyParts {
  readonly family: IpFamily;
  readonly #surroundings: FamilySurroundings;
  readonly #tracker: ServiceTracker;
  /** A dry run leaves flows alone, too. */
  readonly #flowCutting: FlowCutting | undefined;
  readonly healthFeed: ServiceHealthFeed;
  /** The backend of the proxy that runs next; undefined: it has to start one. */
  #started: AnyBackend | undefined;
  #proxy: Syncable;

  constructor(backend: AnyBackend, surroundings: FamilySurroundings) {
    const { settings, health, node, logger } = surroundings;
    const { family } = backend;
    this.family = family;
    this.#surroundings = surroundings;
    this.#tracker = new ServiceTracker({ family, nodeName: settings.nodeName, startedAtMs: Date.now() });
    this.#flowCutting = settings.dryRun ? undefined : createFlowCutting(family, surroundings);
    this.healthFeed = new ServiceHealthFeed(
      () =>
        new ServiceHealthServers({
          family,
          addresses: () => node.nodePortAddresses(family),
          proxyHealthy: () => health.healthy(Date.now()),
          nodeName: settings.nodeName,
          logger,
        }),
      () => this.#tracker.serviceHealth,
    );
    this.#started = backend;
    this.#proxy = this.#createProxy(backend, undefined);
  }

  /** The one that runs, or ran last. */
  get proxy(): Syncable {
    return this.#proxy;
  }

  /** @param needs what the proxy can't do without */
  components(serviceProxy: ServiceProxy, needs: readonly string[]): readonly Component[] {
    const name = (what: string) => nameOf(what, this.family);
    const proxy = name('proxy');
    const flowCutting = this.#flowCutting;
    return [
      {
        name: proxy,
        needs,
        onFailure: 'restart',
        run: (signal, ready) => this.#runProxy(serviceProxy, signal, ready),
      },
      kernelWatch(this.family, serviceProxy, [proxy]),
      ...(flowCutting === undefined ? [] : [conntrackCleaner(name('conntrack'), flowCutting)]),
      {
        name: name('leftovers'),
        needs: [proxy],
        onFailure: 'restart',
        run: (signal, ready) => this.#createLeftoverRemoval().run(signal, ready),
      },
      {
        name: name('service-health'),
        onFailure: 'restart',
        run: (signal, ready) => this.healthFeed.run(signal, ready),
      },
    ];
  }

  async #runProxy(serviceProxy: ServiceProxy, signal: AbortSignal, ready: () => void): Promise<void> {
    const { family } = this;
    if (this.#started === undefined) {
      const backend = await this.#surroundings.doors.startBackend(family, signal);
      this.#proxy = this.#createProxy(backend, this.#proxy);
      serviceProxy.replace(this.#proxy);
    }
    this.#started = undefined;
    await serviceProxy.sync(family, signal, ready);
  }

  #createProxy(backend: AnyBackend, former: Syncable | undefined): Syncable {
    const { settings, node, logger } = this.#surroundings;
    return new FamilyProxy({
      backend: settings.dryRun ? dryRun(backend, print) : backend,
      tracker: this.#tracker,
      status: former?.status,
      nodeView: () => node.view(this.family),
      logger,
      maxRetryMs: settings.syncPeriodMs,
      onSettled: (settlement) => this.#flowCutting?.settled(settlement),
    });
  }

  #createLeftoverRemoval(): LeftoverRemoval {
    const { settings, doors, node, logger } = this.#surroundings;
    const { family } = this;
    return new LeftoverRemoval({
      family,
      sweep: doors.sweep,
      retryMs: settings.syncPeriodMs,
      logger,
      print: settings.dryRun ? print : undefined,
      onRemoved: () =>
        this.#flowCutting?.settled({ ports: new Map(), node: node.view(family), complete: true }),
    });
  }
}

/** Tells the proxy of what others change in the kernel. */
export function kernelWatch(
  family: IpFamily,
  serviceProxy: ServiceProxy,
  needs: readonly string[],
): Component {
  return {
    name: nameOf('kernel-watch', family),
    needs,
    onFailure: 'restart',
    run: async (signal, ready) => {
      const watching = serviceProxy.watch(family, signal);
      ready();
      await watching;
    },
  };
}

function nameOf(what: string, family: IpFamily): string {
  return `${what}-${family.toLowerCase()}`;
}

function createFlowCutting(family: IpFamily, { doors, metrics, logger }: FamilySurroundings): FlowCutting {
  return new FlowCutting(
    new FlowCutter({
      family,
      flows: doors.openFlows(family),
      localAddresses: doors.addresses.all,
      logger,
      onCut: ({ seconds, flows }) => metrics.observeFlowCut(family, seconds, flows),
    }),
  );
}

function conntrackCleaner(name: string, flowCutting: FlowCutting): Component {
  return {
    name,
    onFailure: 'restart',
    run: (signal, ready) => {
      ready();
      return flowCutting.run(signal);
    },
  };
}

function print(text: string): void {
  process.stdout.write(text);
}
