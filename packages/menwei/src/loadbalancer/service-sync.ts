/**
 * One sync of one Service: a step towards what it is to have, and no more than one write. The next step comes when the write
 * is seen in the object. So a process that dies after any step is continued by whoever begins next.
 */
import type { EventRecorder } from '../events/event.ts';
import type { LoadBalancerDetails } from '../kubernetes/load-balancer-objects.ts';
import type { Service } from '../kubernetes/objects.ts';
import type { ObjectKey } from '../state/object-key.ts';
import type { AnnouncementView } from './announcement-view.ts';
import type { BalancerWatch } from './balancer-watch.ts';
import type { ClusterView } from './cluster-view.ts';
import { Contests } from './contest.ts';
import type { NodePortClaims } from './node-addresses.ts';
import {
  announcedOutcome,
  type Managed,
  NO_DECISION,
  nodesOutcome,
  type Outcome,
  poolAnnotations,
} from './outcome.ts';
import { PendingServices } from './pending-services.ts';
import type { AddressAllocator } from './pools/address-allocator.ts';
import { ProvidedServices } from './provided-services.ts';
import type { Surroundings } from './readiness.ts';
import {
  CONTESTED,
  ignoredAnnotation,
  PROVIDER_EVENTS,
  serviceEvent,
  stillPending,
  syncFailed,
  type Told,
} from './service-events.ts';
import type { ServiceRow } from './service-row.ts';
import type { StatusWriter } from './status-writer.ts';
import { SyncFailure } from './sync-failure.ts';
import { UnseenWrites } from './unseen-writes.ts';
import {
  diffStatus,
  READY_CONDITION,
  type Readiness,
  type StatusChange,
  type WantedStatus,
} from './wanted-status.ts';

/** What is said in the condition when it is said for the last time. */
const YIELDED: Readiness = {
  status: 'False',
  reason: 'Contested',
  message:
    'another controller writes the status of this Service; nothing is written until the Service changes',
};

/** Costs as much as there are Services and nodes; what it returns, as there are nodes. */
export type LookAtNodes = () => (address: string) => string;

/** Of so many Services at a time: what the nodes lack is the same for most. */
const MOST_LOOKED_INTO = 20;

interface SyncOptions {
  readonly view: ClusterView;
  readonly allocator: AddressAllocator;
  readonly announcements: AnnouncementView;
  readonly nodePorts: NodePortClaims;
  readonly watches: readonly BalancerWatch[];
  readonly writer: StatusWriter;
  readonly events: EventRecorder;
  readonly seesLeases: boolean;
  readonly lookAtNodes?: LookAtNodes;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Looks at a Service again. */
  readonly later: (key: ObjectKey, delayMs: number) => void;
  /** A load balancer outside of the cluster is asked to have what a Service wants. */
  readonly ensured: () => void;
  /** It has nothing of ours any more. */
  readonly released: (key: ObjectKey) => void;
}

export class ServiceSync {
  readonly rows = new Map<ObjectKey, ServiceRow>();
  readonly #options: SyncOptions;
  readonly #contests = new Contests();
  readonly #pending = new PendingServices();
  readonly #unseen = new UnseenWrites();
  readonly #provided: ProvidedServices;

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#provided = new ProvidedServices(options);
  }

  /** @throws SyncFailure, ApiError, or the signal's reason */
  async sync(key: ObjectKey, signal: AbortSignal): Promise<void> {
    const { view } = this.#options;
    const service = view.service(key);
    const claim = view.claim(key);
    const waitMs = this.#unseen.waitMs(key, service, this.#options.now());
    if (waitMs > 0) return this.#options.later(key, waitMs);
    // Where all is given back, it is looked for everywhere.
    if (claim.claim !== 'release') await this.#provided.removeFormer(key, service, signal);
    const details = service?.loadBalancer;
    if (service === undefined || details === undefined || claim.claim === 'none') this.#forget(key);
    else if (claim.claim === 'release') await this.#release(key, service, details, claim.stale, signal);
    else await this.#manage(key, { service, details, claim }, signal);
  }

  /** When {@link tellPending} has something to do; infinite: never. */
  get nextPendingMs(): number {
    return this.#pending.nextDueMs;
  }

  /** Tells, of Services that stay without what they ask for, why. */
  tellPending(nowMs: number): void {
    const due = this.#pending.take(nowMs);
    const isUnannounced = (key: ObjectKey) => this.rows.get(key)?.ready?.reason === 'NotAnnounced';
    const unannounced = due.filter(isUnannounced).slice(0, MOST_LOOKED_INTO);
    const { announcements, lookAtNodes } = this.#options;
    // Where no node announces anything, that is the reason.
    const isWorthIt = unannounced.length > 0 && announcements.hasAnnouncers;
    const describeNodes = isWorthIt ? lookAtNodes?.() : undefined;
    for (const key of due) {
      const service = this.#options.view.service(key);
      const { ready, addresses = [] } = this.rows.get(key) ?? {};
      if (service === undefined || ready === undefined) continue;
      const nodes = describeNodes && unannounced.includes(key) ? addresses.map(describeNodes) : [];
      this.#tell(service, [stillPending(ready, addresses.length > 0, nodes)]);
    }
  }

  /** The sync of a Service has failed, and is tried again then. */
  noteRetry(key: ObjectKey, error: unknown, retryAtMs: number): void {
    const row = this.rows.get(key);
    if (row === undefined) return;
    this.rows.set(key, {
      ...row,
      failure: error instanceof Error ? error.message : String(error),
      retryAtMs,
    });
  }

  async #release(
    key: ObjectKey,
    service: Service,
    details: LoadBalancerDetails,
    stale: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const wasThere = await this.#removeBalancers(key, service, signal);
    const events = wasThere ? [PROVIDER_EVENTS.deleting, PROVIDER_EVENTS.deleted] : [];
    const change = details.isDeleting ? { removeFinalizers: stale } : this.#emptied(service, details, stale);
    if (change !== undefined) await this.#write(key, service, change, events, signal);
    this.#forget(key);
    this.#options.released(key);
  }

  async #removeBalancers(key: ObjectKey, service: Service, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#provided.removeEverywhere(key, signal);
    } catch (error) {
      if (error instanceof SyncFailure) this.#tell(service, [syncFailed(error.message)]);
      throw error;
    }
  }

  #emptied(
    service: Service,
    details: LoadBalancerDetails,
    stale: readonly string[],
  ): StatusChange | undefined {
    const wanted: WantedStatus = {
      finalizer: undefined,
      // With the type, the API server takes it away.
      ingress: service.type === 'LoadBalancer' ? [] : undefined,
      ready: undefined,
      portsError: undefined,
      annotations: poolAnnotations(details, []),
    };
    return diffStatus(details, wanted, this.#options.now(), stale);
  }

  async #manage(key: ObjectKey, managed: Managed, signal: AbortSignal): Promise<void> {
    const { service, details, claim } = managed;
    const isNew = !details.finalizers.includes(claim.finalizer);
    // Else a process that dies in between leaves something behind at a load balancer.
    if (isNew && claim.by === 'provider') {
      const events = [PROVIDER_EVENTS.ensuring, ...toldOnce(details)];
      return await this.#write(key, service, { addFinalizer: claim.finalizer }, events, signal);
    }
    if (this.#contests.isContested(key, service, this.#options.now())) {
      return await this.#yieldTo(key, managed, signal);
    }
    const outcome = await this.#outcomeOf(key, managed, signal);
    // While a load balancer was asked the Service may have become another one.
    if (outcome === undefined || this.#options.view.service(key) !== service) return;
    this.#note(key, managed, outcome);
    const change = diffStatus(details, outcome.wanted, this.#options.now(), claim.stale);
    const events = change === undefined ? [] : outcome.events(change);
    this.#notePending(key, outcome.wanted.ready, change, events);
    if (change !== undefined) {
      await this.#write(key, service, change, [...events, ...(isNew ? toldOnce(details) : [])], signal);
    }
    if (outcome.failure !== undefined) throw outcome.failure;
  }

  #notePending(
    key: ObjectKey,
    ready: Readiness | undefined,
    change: StatusChange | undefined,
    events: readonly Told[],
  ): void {
    const reason = ready?.status === 'False' ? `${ready.reason}: ${ready.message}` : undefined;
    const isNews = change?.conditions?.has(READY_CONDITION) === true;
    const isTold = events.some(({ type }) => type === 'Warning');
    this.#pending.note(key, reason, isNews && !isTold, this.#options.now());
  }

  #outcomeOf(key: ObjectKey, managed: Managed, signal: AbortSignal): Promise<Outcome | undefined> | Outcome {
    const { allocator, announcements, view, nodePorts } = this.#options;
    const decision = allocator.decision(key) ?? NO_DECISION;
    switch (managed.claim.by) {
      case 'announcing': {
        const ownerOf = (address: string) => announcements.ownerOf(address);
        return announcedOutcome(managed, decision, ownerOf, this.#surroundings(key));
      }
      case 'nodes':
        return nodesOutcome(managed, view.eligibleNodes, nodePorts.conflictOf(key), this.#surroundings(key));
      case 'provider':
        return this.#provided.outcomeOf(key, managed, decision, signal);
    }
  }

  /** Says once that the status is another's, and writes no more. */
  async #yieldTo(key: ObjectKey, managed: Managed, signal: AbortSignal): Promise<void> {
    const { service, details } = managed;
    const decision = this.#options.allocator.decision(key) ?? NO_DECISION;
    const wanted: WantedStatus = {
      ...{ finalizer: undefined, ingress: undefined, ready: YIELDED, portsError: undefined },
      annotations: {},
    };
    const isTold = this.rows.get(key)?.ready?.reason === 'Contested';
    this.#note(key, managed, { wanted, decision });
    if (isTold) return;
    this.#tell(service, [CONTESTED]);
    const change = diffStatus(details, wanted, this.#options.now());
    if (change !== undefined) await this.#write(key, service, change, [], signal);
  }

  #surroundings(key: ObjectKey): Surroundings {
    const { view, seesLeases, announcements } = this.#options;
    return {
      seesLeases,
      hasAnnouncers: announcements.hasAnnouncers,
      noNodes: view.noNodes,
      isLocal: view.service(key)?.externalTrafficPolicy === 'Local',
      endpointNodes: view.endpointNodes(key),
    };
  }

  /** @param events are told once it was written */
  async #write(
    key: ObjectKey,
    service: Service,
    change: StatusChange,
    events: readonly Told[],
    signal: AbortSignal,
  ): Promise<void> {
    // Also when the answer is lost, it may have been written.
    if (change.ingress !== undefined) this.#contests.wrote(key, service, change.ingress);
    const outcome = await this.#options.writer.write(service, change, signal);
    if (outcome === 'conflict') throw new SyncFailure('the Service changed meanwhile', { isOvertaken: true });
    if (outcome === 'gone') return;
    this.#unseen.wrote(key, service, this.#options.now());
    this.#tell(service, events);
  }

  #note(
    key: ObjectKey,
    { service, claim }: Managed,
    { wanted, decision }: Pick<Outcome, 'wanted' | 'decision'>,
  ): void {
    const { namespace, name } = service;
    const { announcements, view } = this.#options;
    const { ready } = wanted;
    view.noteWaitingForNode(key, ready?.reason === 'NoEligibleNode' || ready?.reason === 'NotAnnounced');
    const { addresses, pools } = decision;
    const owners = addresses.flatMap((address) => {
      const owner = claim.by === 'announcing' ? announcements.ownerOf(address) : undefined;
      return owner === undefined ? [] : [{ ...owner, address }];
    });
    this.rows.set(key, {
      ...{ namespace, name, servedAs: claim.servedAs, addresses, pools, ready, owners },
      ...{ failure: undefined, retryAtMs: undefined },
    });
  }

  #tell(service: Service, events: readonly Told[]): void {
    for (const told of events) this.#options.events.record(serviceEvent(service, told));
  }

  #forget(key: ObjectKey): void {
    this.rows.delete(key);
    this.#contests.forget(key);
    this.#pending.note(key, undefined, false, this.#options.now());
    this.#unseen.forget(key);
    this.#provided.forget(key);
  }
}

/** What is told when a Service is seen for the first time. */
function toldOnce(details: LoadBalancerDetails): readonly Told[] {
  const told = ignoredAnnotation(details);
  return told === undefined ? [] : [told];
}
