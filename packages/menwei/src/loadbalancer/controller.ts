/**
 * The load-balancer controller: what Services of type LoadBalancer are to have, compared with what they have, and the
 * difference written (load-balancer § 3). All that it knows is in the objects; a controller that begins anew changes nothing
 * that is right.
 */
import type { EventRecorder } from '../events/event.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import type { AddressPool } from '../kubernetes/load-balancer-objects.ts';
import type { Logger } from '../log/logger.ts';
import { InterruptiblePause } from '../scheduling/pause.ts';
import { retryDelayMs } from '../scheduling/retry.ts';
import { sideBySide } from '../scheduling/side-by-side.ts';
import { WorkQueue } from '../scheduling/work-queue.ts';
import type { ObjectKey } from '../state/object-key.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import { AddressIndex } from './address-index.ts';
import { type AnnouncementNews, AnnouncementView } from './announcement-view.ts';
import { type Balancers, BalancerWatch } from './balancer-watch.ts';
import type { ClaimOptions } from './claim.ts';
import { ClusterView, type ViewChanges } from './cluster-view.ts';
import { FailureNews } from './failure-news.ts';
import { NodePortClaims } from './node-addresses.ts';
import type { NodeSetOptions } from './node-set.ts';
import type { AddressAllocator } from './pools/address-allocator.ts';
import type { AddressRequest } from './pools/allocation.ts';
import type { ServiceRow } from './service-row.ts';
import { type LookAtNodes, ServiceSync } from './service-sync.ts';
import type { StatusWriter } from './status-writer.ts';
import { SyncFailure } from './sync-failure.ts';

/** A machine that is none of the cluster's keeps an address from being given so long. */
const QUARANTINE_MS = 10 * 60_000;
/** How often it is looked for nodes that have gone silent. */
const LEASE_CHECK_MS = 1_000;
const MAX_RETRY_MS = 300_000;

export interface ControllerOptions {
  readonly objects: ObjectTables;
  readonly claims: ClaimOptions;
  readonly nodes: NodeSetOptions;
  readonly allocator: AddressAllocator;
  /** By the class whose Services they serve. */
  readonly balancers: ReadonlyMap<string, Balancers>;
  readonly writer: StatusWriter;
  readonly events: EventRecorder;
  readonly logger: Logger;
  /** Leases of nodes can be read. */
  readonly seesLeases: boolean;
  readonly observer?: ControllerObserver;
  /** Looks at all nodes: what each lacks that does not announce an address, for people. */
  readonly lookAtNodes?: LookAtNodes;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly random?: () => number;
  readonly retryMs?: (failures: number) => number;
}

/** Is told what the controller does, for metrics. */
export interface ControllerObserver {
  synced(seconds: number, failed: boolean): void;
  /** A load balancer outside of the cluster was asked to have what a Service wants. */
  ensured(): void;
}

export class LoadBalancerController {
  readonly #options: ControllerOptions;
  readonly #now: () => number;
  readonly #view: ClusterView;
  readonly #announcements = new AnnouncementView();
  readonly #nodePorts = new NodePortClaims();
  readonly #addresses = new AddressIndex();
  readonly #queue: WorkQueue;
  readonly #sync: ServiceSync;
  readonly #watches: readonly BalancerWatch[];
  readonly #idle = new InterruptiblePause();
  /** What has failed and is tried again; `waits`: not before its time, unless more than its status changes. */
  readonly #failed = new Map<ObjectKey, 'waits' | 'overtaken'>();

  readonly #failureNews = new FailureNews();

  constructor(options: ControllerOptions) {
    const { objects, claims, nodes, now = Date.now, logger } = options;
    this.#options = options;
    this.#now = now;
    this.#view = new ClusterView(objects, { claims, nodes }, () => this.#idle.end());
    this.#queue = new WorkQueue({
      retry: (failures, error) => this.#retryMs(failures, error),
      onFailure: (key, error, retryMs) => this.#noteFailure(key, error, retryMs),
    });
    this.#watches = Array.from(
      options.balancers,
      ([name, balancers]) => new BalancerWatch(name, balancers, this.#view, this.#queue, logger),
    );
    this.#sync = new ServiceSync({
      ...options,
      now,
      ensured: () => options.observer?.ensured(),
      view: this.#view,
      announcements: this.#announcements,
      nodePorts: this.#nodePorts,
      watches: this.#watches,
      later: (key, delayMs) => this.#queue.addLater(key, delayMs),
      released: (key) => this.#forget(key),
    });
  }

  /** Where every Service stands that is this controller's business. */
  get rows(): ReadonlyMap<ObjectKey, ServiceRow> {
    return this.#sync.rows;
  }

  get announcements(): AnnouncementView {
    return this.#announcements;
  }

  /** All that is known was dealt with, load balancers have been looked at, and nothing has failed. */
  get isSettled(): boolean {
    const haveLooked = this.#watches.every(({ isUnknown, failure }) => !isUnknown || failure !== '');
    return haveLooked && !this.#view.hasNews && this.#queue.isIdle && this.#failed.size === 0;
  }

  /** How many objects were looked at so far because of changes, for who measures. */
  get looks(): number {
    return this.#view.looks;
  }

  /** Works until the signal fires; then nothing is written any more. All objects must have been listed. */
  async run(signal: AbortSignal, ready: () => void = () => undefined): Promise<void> {
    try {
      this.#begin();
      ready();
      await sideBySide(
        [
          (over) => this.#follow(over),
          (over) => this.#queue.run((key) => this.#work(key, over), over),
          ...this.#watches.map((watch) => (over: AbortSignal) => watch.run(over)),
        ],
        signal,
      );
    } finally {
      this.#view.close();
    }
  }

  /** What Services have is theirs, before anything new is given to anybody. */
  #begin(): void {
    const { services, leases } = this.#view.take();
    const nowMs = this.#now();
    const requests: AddressRequest[] = [];
    for (const key of services) {
      const request = this.#request(key);
      if (request !== undefined) requests.push(request);
      this.#claimPorts(key);
    }
    this.#options.allocator.setNodes(this.#view.nodesByAddress, nowMs);
    this.#options.allocator.begin(this.#pools, requests, nowMs);
    for (const key of services) {
      this.#addresses.put(key, this.#options.allocator.decision(key)?.addresses ?? []);
      this.#queue.add(key);
    }
    // What was told before this process began was told to nobody.
    for (const change of leases)
      this.#noteConflicts(this.#announcements.take(change, performance.now()), nowMs);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#digest(this.#view.take());
      this.#passTime();
      await this.#idle.wait(this.#untilDueMs(), signal);
    }
  }

  #digest({ services, statuses, leases, pools, nodes }: ViewChanges): void {
    const { allocator } = this.#options;
    const nowMs = this.#now();
    if (nodes) this.#decided(allocator.setNodes(this.#view.nodesByAddress, nowMs));
    if (pools) this.#decided(allocator.setPools(this.#pools, nowMs));
    for (const key of services) {
      const request = this.#request(key);
      if (request !== undefined) this.#decided(allocator.put(request, nowMs));
      for (const other of this.#claimPorts(key)) this.#queue.add(other);
      this.#failed.delete(key);
      this.#queue.addAnew(key);
    }
    for (const key of statuses) if (this.#failed.get(key) !== 'waits') this.#queue.add(key);
    const hadAnnouncers = this.#announcements.hasAnnouncers;
    for (const change of leases) {
      const news = this.#announcements.take(change, performance.now());
      this.#moved(news.addresses);
      this.#noteConflicts(news, nowMs);
    }
    this.#noteAnnouncers(hadAnnouncers);
  }

  /** The node itself tells the Services. */
  #noteConflicts({ conflicts }: AnnouncementNews, nowMs: number): void {
    const { allocator, logger } = this.#options;
    for (const { address, mac, node, interface: name } of conflicts) {
      const fields = { address, mac, node, interface: name };
      logger.warn(fields, 'a machine that is no node has the address; given to nobody for 10 minutes');
      this.#decided(allocator.quarantine(address, nowMs + QUARANTINE_MS, mac, nowMs));
    }
  }

  #passTime(): void {
    const { allocator } = this.#options;
    const nowMs = this.#now();
    const hadAnnouncers = this.#announcements.hasAnnouncers;
    if (hadAnnouncers) this.#moved(this.#announcements.expire(performance.now()));
    this.#noteAnnouncers(hadAnnouncers);
    const { nextDueMs } = allocator;
    if (nextDueMs !== undefined && nextDueMs <= nowMs) this.#decided(allocator.passTime(nowMs));
    this.#sync.tellPending(nowMs);
  }

  /** What is said of all that is not announced is something else with the first announcer, and after the last. */
  #noteAnnouncers(hadAnnouncers: boolean): void {
    if (hadAnnouncers === this.#announcements.hasAnnouncers) return;
    for (const key of this.#view.managed()) this.#queue.add(key);
  }

  #untilDueMs(): number {
    const { nextDueMs = Number.POSITIVE_INFINITY } = this.#options.allocator;
    const leaseCheckMs = this.#announcements.hasAnnouncers ? LEASE_CHECK_MS : Number.POSITIVE_INFINITY;
    const dueMs = Math.min(nextDueMs, this.#sync.nextPendingMs) - this.#now();
    return Math.max(1, Math.min(dueMs, leaseCheckMs));
  }

  /** Something else was decided about the addresses of these Services. */
  #decided(services: readonly ObjectKey[]): void {
    for (const key of services) {
      this.#addresses.put(key, this.#options.allocator.decision(key)?.addresses ?? []);
      this.#queue.add(key);
    }
  }

  /** These addresses may be announced by another node. */
  #moved(addresses: ReadonlySet<string>): void {
    for (const address of addresses) for (const key of this.#addresses.holders(address)) this.#queue.add(key);
  }

  /** Undefined: it is to have no addresses of pools. */
  #request(key: ObjectKey): AddressRequest | undefined {
    if (this.#view.claim(key).claim === 'none') this.#forget(key);
    return this.#view.addressRequest(key);
  }

  /** Returns the other Services that may be concerned. */
  #claimPorts(key: ObjectKey): readonly ObjectKey[] {
    const service = this.#view.service(key);
    const claim = this.#view.claim(key);
    const usesNodes = claim.claim === 'managed' && claim.by === 'nodes';
    return service !== undefined && usesNodes ? this.#nodePorts.put(service) : this.#nodePorts.delete(key);
  }

  /** It is no longer ours: what it had is for others. */
  #forget(key: ObjectKey): void {
    const { allocator } = this.#options;
    if (allocator.decision(key) !== undefined) this.#decided(allocator.remove(key, this.#now()));
    this.#addresses.put(key, []);
  }

  async #work(key: ObjectKey, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    // Its time has come: what changes from now on is looked at afterwards.
    this.#failed.delete(key);
    const startedMs = performance.now();
    let isFailed = true;
    try {
      await this.#sync.sync(key, signal);
      isFailed = false;
    } catch (error) {
      // What was under way when all was told to end is for whoever begins next.
      if (signal.aborted) return;
      throw error;
    } finally {
      this.#options.observer?.synced((performance.now() - startedMs) / 1000, isFailed);
    }
  }

  #retryMs(failures: number, error: unknown): number {
    const { random = Math.random, retryMs } = this.#options;
    if (error instanceof SyncFailure && error.retryAfterMs !== undefined) return error.retryAfterMs;
    const leastMs = error instanceof ApiError ? error.retryAfterMs : 0;
    const usualMs =
      retryMs?.(failures) ?? retryDelayMs(failures, { maxMs: MAX_RETRY_MS }) * (0.8 + 0.4 * random());
    return Math.max(leastMs, usualMs);
  }

  #noteFailure(key: ObjectKey, error: unknown, retryMs: number): void {
    const { logger } = this.#options;
    const fields = { service: key, retryMs: Math.round(retryMs) };
    if (error instanceof SyncFailure && error.isOvertaken) {
      this.#failed.set(key, 'overtaken');
      logger.verbose(4, fields, 'a Service changed while its status was written; trying again');
      return;
    }
    this.#failed.set(key, 'waits');
    this.#sync.noteRetry(key, error, this.#now() + retryMs);
    const message = 'load balancer of a Service could not be synced; trying again';
    if (this.#failureNews.isNews(key, error, performance.now()))
      logger.warn({ ...fields, err: error }, message);
    else logger.verbose(2, { ...fields, err: error }, message);
  }

  get #pools(): readonly AddressPool[] {
    return [...this.#options.objects.addressPools.rows.values()];
  }
}
