/** The loop of the proxy: objects come in, families are synced, what became of it is told. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ProxyHealth } from '../health/proxy-health.ts';
import type { ServiceHealthServers } from '../health/service-health-servers.ts';
import {
  type Node,
  type ObjectRef,
  type Problem,
  refKey,
  type WatchedObject,
} from '../kubernetes/objects.ts';
import { MOST_LINES } from '../log/first-lines.ts';
import type { Logger } from '../log/logger.ts';
import type { ProxyMetrics } from '../metrics/proxy-metrics.ts';
import type { ObjectSink } from '../sources/source.ts';
import type { Syncable, SyncResult } from './family-proxy.ts';
import { Pacer } from './pacer.ts';
import { ProblemLog } from './problem-log.ts';
import type { ServicePortStatus } from './service-port-status.ts';
import { type StaleObject, withStale } from './stale-objects.ts';

/** Syncs that nobody asked for: there is nothing to find but what nobody noticed. */
const MAX_INTERVAL_MS = 3_600_000;

interface ServiceProxyOptions {
  readonly families: readonly Syncable[];
  readonly healthServers: ReadonlyMap<IpFamily, Pick<ServiceHealthServers, 'sync'>>;
  readonly health: ProxyHealth;
  readonly metrics: ProxyMetrics;
  readonly logger: Logger;
  readonly minSyncPeriodMs: number;
  /** Longest wait before a failed sync is repeated. */
  readonly syncPeriodMs: number;
  /** How long the first sync waits for the own Node object, whose addresses and zone shape the rules. */
  readonly nodeGraceMs: number;
  /** Called when the own Node object came or changed. */
  readonly onNode: (node: Node) => void;
  /** Called when a ServiceCIDR object came or changed; with no CIDR when it is gone. */
  readonly onServiceCIDR: (name: string, cidrs: readonly string[]) => void;
  /** See NodeState. */
  readonly nodePortObstacle: (family: IpFamily) => string | undefined;
}

interface Family {
  readonly proxy: Syncable;
  readonly pacer: Pacer;
  wasWatched: boolean;
  /** When what was refused is tried again. */
  retry?: NodeJS.Timeout;
}

export class ServiceProxy implements ObjectSink {
  readonly #options: ServiceProxyOptions;
  readonly #families = new Map<IpFamily, Family>();
  /** By `refKey`: objects whose last version can't be used. */
  readonly #stale = new Map<string, StaleObject>();
  readonly #problems: ProblemLog;
  /** Before everything that exists is known, programming would take away what is only not yet listed. */
  #isListed = false;
  #isNodeAwaited: boolean;

  constructor(options: ServiceProxyOptions) {
    this.#options = options;
    this.#problems = new ProblemLog(options.logger);
    this.#isNodeAwaited = options.nodeGraceMs > 0;
    for (const proxy of options.families) this.#families.set(proxy.family, this.#open(proxy));
  }

  /**
   * Syncs a family until the signal fires; a sync that is under way is ended with it. The kernel keeps its rules.
   *
   * @param programmed called after the first sync that succeeded: from then on there is something to watch
   */
  async sync(name: IpFamily, signal: AbortSignal, programmed: () => void = () => undefined): Promise<void> {
    const family = this.#family(name);
    this.#options.health.started(name, Date.now());
    try {
      await family.pacer.run(() => this.#sync(family, programmed, signal), signal);
    } finally {
      clearTimeout(family.retry);
      this.#problems.flush();
    }
  }

  /** Watches the kernel for what others change until the signal fires. When it is begun again, something may have been missed. */
  async watch(name: IpFamily, signal: AbortSignal): Promise<void> {
    const family = this.#family(name);
    const drifted = (what?: string) => this.#drifted(family, what);
    const watching = family.proxy.watch(drifted, signal);
    if (family.wasWatched) drifted();
    family.wasWatched = true;
    await watching;
  }

  /** One that has failed is given up for another with the same tracker, which begins with a look at the kernel. */
  replace(proxy: Syncable): void {
    const former = this.#family(proxy.family);
    clearTimeout(former.retry);
    const family = this.#open(proxy);
    this.#families.set(proxy.family, family);
    this.#request(family);
  }

  upsert(object: WatchedObject): void {
    switch (object.kind) {
      case 'Service':
        this.#track((family) => family.tracker.upsertService(object));
        break;
      case 'EndpointSlice':
        this.#track((family) => family.tracker.upsertSlice(object));
        break;
      case 'Node':
        this.#options.onNode(object);
        this.#isNodeAwaited = false;
        this.nodeChanged();
        break;
      case 'ServiceCIDR':
        this.#setServiceCIDR(object.name, object.cidrs);
        break;
    }
  }

  remove(ref: ObjectRef): void {
    this.#stale.delete(refKey(ref));
    switch (ref.kind) {
      case 'Service':
        this.#track((family) => family.tracker.removeService(ref.namespace, ref.name));
        break;
      case 'EndpointSlice':
        this.#track((family) => family.tracker.removeSlice(ref.namespace, ref.name));
        break;
      case 'Node':
        // As upstream: the last known Node stays in use.
        this.#options.logger.warn(
          { node: ref.name },
          'Node object of this node was deleted; keeping the last known one',
        );
        break;
      case 'ServiceCIDR':
        this.#setServiceCIDR(ref.name, []);
        break;
    }
  }

  synced(): void {
    this.#isListed = true;
    if (!this.#isNodeAwaited) {
      this.#track(() => true);
      return;
    }
    const timer = setTimeout(() => {
      if (!this.#isNodeAwaited) return;
      this.#options.logger.error({}, 'Node object of this node not found; continuing without it');
      this.#isNodeAwaited = false;
      this.#track(() => true);
    }, this.#options.nodeGraceMs);
    timer.unref();
  }

  report(problem: Problem): void {
    this.#problems.report(problem);
  }

  stale(ref: ObjectRef, reason: string | undefined): void {
    if (reason === undefined) this.#stale.delete(refKey(ref));
    else this.#stale.set(refKey(ref), { ref, reason, sinceMs: Date.now() });
  }

  /** Something about the node is not as it was; whether that matters to the rules shows when they are compiled. */
  nodeChanged(): void {
    this.#track(() => true);
  }

  /** Where every service port of every family stands. */
  status(): readonly ServicePortStatus[] {
    return [...this.#families.values()].flatMap(({ proxy }) => {
      const obstacle = this.#options.nodePortObstacle(proxy.family);
      const statuses = withStale(proxy, [...this.#stale.values()]);
      if (obstacle === undefined) return statuses;
      const { ports } = proxy.tracker;
      return statuses.map((status) =>
        ports.get(status.servicePort)?.nodePort ? { ...status, warning: obstacle } : status,
      );
    });
  }

  #open(proxy: Syncable): Family {
    const { minSyncPeriodMs, syncPeriodMs } = this.#options;
    const pacer = new Pacer({
      minIntervalMs: minSyncPeriodMs,
      maxIntervalMs: MAX_INTERVAL_MS,
      retry: { maxMs: syncPeriodMs },
    });
    return { proxy, pacer, wasWatched: false };
  }

  #family(name: IpFamily): Family {
    const family = this.#families.get(name);
    if (family === undefined) throw new Error(`BUG: ${name} is not proxied`);
    return family;
  }

  #setServiceCIDR(name: string, cidrs: readonly string[]): void {
    this.#options.onServiceCIDR(name, cidrs);
    // Only the plan of a mode that uses them finds something to change.
    this.#track(() => true);
  }

  #track(update: (family: Syncable) => boolean): void {
    for (const family of this.#families.values()) {
      if (update(family.proxy)) this.#request(family);
    }
  }

  #request(family: Family, how: { readonly urgent?: boolean } = {}): void {
    if (!this.#isListed || this.#isNodeAwaited) return;
    this.#options.health.queued(family.proxy.family, Date.now());
    family.pacer.request(how);
  }

  #drifted(family: Family, what: string | undefined): void {
    if (what !== undefined) {
      this.#options.logger.warn({ family: family.proxy.family }, `drift: ${what}; resyncing`);
    }
    family.proxy.forgetKernel();
    this.#request(family, { urgent: true });
  }

  async #sync(family: Family, programmed: () => void, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#syncOnce(family, programmed, signal);
    } catch (error) {
      const fields = { family: family.proxy.family, err: error };
      if (!signal.aborted) this.#options.logger.error(fields, 'sync could not be completed; retrying');
      return false;
    }
  }

  async #syncOnce(family: Family, programmed: () => void, signal: AbortSignal): Promise<boolean> {
    const { proxy } = family;
    const { metrics, health } = this.#options;
    const startedMs = performance.now();
    const result = await proxy.sync(signal);
    const seconds = (performance.now() - startedMs) / 1000;
    if (signal.aborted) return result.ok;
    metrics.observeSync(proxy.family, seconds);
    this.#log(proxy.family, result, seconds);
    if (!result.ok) return false;
    programmed();
    // A Service that the kernel does not take makes no node unhealthy, but is tried again.
    this.#requestLater(family, result.retryInMs);
    const nowMs = Date.now();
    health.updated(proxy.family, nowMs);
    for (const triggerMs of result.triggerTimesMs) {
      metrics.observeNetworkProgramming(proxy.family, Math.max(0, nowMs - triggerMs) / 1000);
    }
    await this.#options.healthServers.get(proxy.family)?.sync(new Map(proxy.tracker.serviceHealth));
    return true;
  }

  #requestLater(family: Family, delayMs: number | undefined): void {
    clearTimeout(family.retry);
    if (delayMs === undefined) return;
    family.retry = setTimeout(() => this.#request(family), delayMs);
    family.retry.unref();
  }

  #log(family: IpFamily, result: SyncResult, seconds: number): void {
    const { logger } = this.#options;
    const fields = { family, changed: result.changedServicePorts, seconds: Number(seconds.toFixed(3)) };
    if (!result.ok) logger.error({ ...fields, err: result.error }, 'sync failed; retrying');
    else if (result.complete) logger.info(fields, 'full sync complete');
    else logger.debug(fields, 'partial sync complete');
    for (const { servicePort, error } of result.refused.slice(0, MOST_LINES)) {
      logger.warn(
        { family, servicePort, err: error },
        'kernel rejected the change for this service port; retrying',
      );
    }
    const count = result.refused.length - MOST_LINES;
    if (count > 0) logger.warn({ family, count }, 'kernel rejected changes for more service ports; retrying');
  }
}
