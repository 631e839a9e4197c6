/** The loop of the proxy: when the objects or the node have changed, the families that it may concern are synced. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ProxyHealth } from '../health/proxy-health.ts';
import type { Node } from '../kubernetes/objects.ts';
import { MOST_LINES } from '../log/first-lines.ts';
import { Pacer } from '../scheduling/pacer.ts';
import { objectKey } from '../state/object-key.ts';
import type { State } from '../state/state.ts';
import { NodeWait, type NodeWaitOptions } from './node-wait.ts';
import type { Syncable, SyncResult } from './syncable.ts';

/** Syncs that nobody asked for: there is nothing to find but what nobody noticed. */
const MAX_INTERVAL_MS = 3_600_000;

interface SyncPeriods {
  readonly minSyncPeriodMs: number;
  /** Longest wait before a failed sync is repeated. */
  readonly syncPeriodMs: number;
}

interface ServiceProxyOptions extends NodeWaitOptions {
  readonly state: State;
  readonly families: readonly Syncable[];
  readonly health: ProxyHealth;
  /** Asked for when they are needed, since they may change. */
  readonly periods: () => SyncPeriods;
  /** Called whenever a sync of a family is asked for. */
  readonly onQueued?: (family: IpFamily) => void;
  /** Called when the first sync has waited for the node no longer: what is known of it now is what counts. */
  readonly onNodeSettled?: () => void;
}

interface Family {
  readonly proxy: Syncable;
  readonly pacer: Pacer;
  wasWatched: boolean;
  /** When what was refused is tried again. */
  retry?: NodeJS.Timeout;
}

export class ServiceProxy {
  readonly #options: ServiceProxyOptions;
  readonly #families = new Map<IpFamily, Family>();
  /** Before everything that exists is known, programming would take away what is only not yet listed. */
  #isListed = false;
  readonly #nodeWait: NodeWait;

  constructor(options: ServiceProxyOptions) {
    this.#options = options;
    this.#nodeWait = new NodeWait(options);
    for (const proxy of options.families) this.#families.set(proxy.family, this.#open(proxy));
    this.#followObjects();
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

  /** One that has failed is given up for another, which begins with a look at the kernel. */
  replace(proxy: Syncable): void {
    const former = this.#family(proxy.family);
    clearTimeout(former.retry);
    const family = this.#open(proxy);
    this.#families.set(proxy.family, family);
    this.#request(family);
  }

  /** Something about the node is not as it was; whether that matters to the rules shows when they are compiled. */
  nodeChanged(): void {
    for (const family of this.#families.values()) this.#request(family);
  }

  #followObjects(): void {
    const { nodes, serviceCIDRs, syncedSources, nodeName } = this.#options.state.objects;
    const ownNode = objectKey('', nodeName);
    const noteNodes = () => {
      for (const { key, before, after } of nodeReader.take()) {
        if (key === ownNode) this.#noteNode(before, after);
      }
    };
    const noteCIDRs = () => {
      // Only the plan of a mode that uses them finds something to change.
      if (cidrReader.take().length > 0) this.nodeChanged();
    };
    const noteSources = () => {
      if (sourceReader.take().length > 0) this.#listed();
    };
    const nodeReader = nodes.reader(noteNodes);
    const cidrReader = serviceCIDRs.reader(noteCIDRs);
    const sourceReader = syncedSources.reader(noteSources);
    for (const note of [noteNodes, noteCIDRs, noteSources]) note();
  }

  #noteNode(before: Node | undefined, after: Node | undefined): void {
    if (after === undefined) {
      // As upstream: the last known Node stays in use.
      const message = 'Node object of this node was deleted; keeping the last known one';
      this.#options.logger.warn({ node: before?.name }, message);
      return;
    }
    this.#nodeWait.take(after);
    this.nodeChanged();
  }

  /** Everything that exists is known. */
  #listed(): void {
    this.#isListed = true;
    this.#nodeWait.begin(() => {
      this.#options.onNodeSettled?.();
      this.nodeChanged();
    });
  }

  #open(proxy: Syncable): Family {
    const { periods } = this.#options;
    const pacer = new Pacer({
      get minIntervalMs() {
        return periods().minSyncPeriodMs;
      },
      maxIntervalMs: MAX_INTERVAL_MS,
      get retry() {
        return { maxMs: periods().syncPeriodMs };
      },
    });
    const family: Family = { proxy, pacer, wasWatched: false };
    proxy.onTouched(() => this.#request(family));
    return family;
  }

  #family(name: IpFamily): Family {
    const family = this.#families.get(name);
    if (family === undefined) throw new Error(`BUG: ${name} is not proxied`);
    return family;
  }

  #request(family: Family, how: { readonly urgent?: boolean } = {}): void {
    if (!this.#isListed || !this.#nodeWait.isOver) return;
    this.#options.health.queued(family.proxy.family, Date.now());
    this.#options.onQueued?.(family.proxy.family);
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
    const startedMs = performance.now();
    this.#options.health.syncing(proxy.family);
    const result = await proxy.sync(signal);
    const seconds = (performance.now() - startedMs) / 1000;
    if (signal.aborted) return result.ok;
    this.#log(proxy.family, result, seconds);
    if (!result.ok) return false;
    programmed();
    // A Service that the kernel does not take makes no node unhealthy, but is tried again.
    this.#requestLater(family, result.retryInMs);
    this.#options.health.updated(proxy.family, Date.now());
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
    const { changedServicePorts } = result;
    const fields = { family, changedServicePorts, seconds: Number(seconds.toFixed(3)) };
    if (!result.ok) logger.error({ ...fields, err: result.error }, 'sync failed; retrying');
    else if (result.complete) logger.info(fields, 'full sync complete');
    else logger.verbose(4, fields, 'partial sync complete');
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
