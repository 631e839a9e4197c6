/**
 * One sync of one Service: a step towards what it is to have, and no more than one write. The next step comes when the write
 * is seen in the object. So a process that dies after any step is continued by whoever begins next.
 */
import type { EventRecorder } from '../events/event.ts';
import type { LoadBalancerDetails } from '../kubernetes/load-balancer-objects.ts';
import type { Service } from '../kubernetes/objects.ts';
import type { ObjectKey } from '../state/object-key.ts';
import type { AddressOwner, AnnouncementView } from './announcement-view.ts';
import type { BalancerWatch } from './balancer-watch.ts';
import type { Claim } from './claim.ts';
import type { ClusterView } from './cluster-view.ts';
import { Contests } from './contest.ts';
import { type NodePortClaims, nodeAddresses } from './node-addresses.ts';
import { PendingServices } from './pending-services.ts';
import type { AddressAllocator } from './pools/address-allocator.ts';
import type { AddressDecision } from './pools/allocation.ts';
import { partsOf } from './pools/request-annotations.ts';
import { BALANCER_ANNOTATIONS } from './providers/balancer-annotations.ts';
import { announcedReadiness, nodeReadiness, type Surroundings } from './readiness.ts';
import {
  addressesOf,
  CONTESTED,
  eventsOfChange,
  ignoredAnnotation,
  nodeAssigned,
  noNodes,
  PROVIDER_EVENTS,
  serviceEvent,
  stillPending,
  syncFailed,
  type Told,
} from './service-events.ts';
import type { StatusWriter } from './status-writer.ts';
import {
  diffStatus,
  POOL_ANNOTATIONS,
  READY_CONDITION,
  type Readiness,
  type StatusChange,
  vipIngress,
  type WantedStatus,
} from './wanted-status.ts';

/** A write must be seen in the object by then. */
const SEEN_MS = 10_000;

type ManagedClaim = Extract<Claim, { claim: 'managed' }>;
type ReleaseClaim = Extract<Claim, { claim: 'release' }>;

/** Why a sync has not come to its end. */
export class SyncFailure extends Error {
  override readonly name = 'SyncFailure';
  /** Try again then, and not by the usual back-off. */
  readonly retryAfterMs: number | undefined;
  /** The Service changed meanwhile: nothing to tell anybody. */
  readonly isOvertaken: boolean;

  constructor(
    message: string,
    options: { readonly retryAfterMs?: number | undefined; readonly isOvertaken?: boolean } = {},
  ) {
    super(message);
    this.retryAfterMs = options.retryAfterMs;
    this.isOvertaken = options.isOvertaken ?? false;
  }
}

/** Where a Service stands: a row of `/status`. */
export interface ServiceRow {
  readonly namespace: string;
  readonly name: string;
  /** The class by whose rules it is served. */
  readonly servedAs: string;
  readonly addresses: readonly string[];
  /** Of each address, in their order; empty text: none. */
  readonly pools: readonly string[];
  readonly ready: Readiness | undefined;
  /** Of each address that is announced. */
  readonly owners: readonly (AddressOwner & { readonly address: string })[];
  /** Why the last sync failed; undefined: it did not. */
  readonly failure: string | undefined;
  /** Milliseconds since the epoch. */
  readonly retryAtMs: number | undefined;
}

export interface SyncOptions {
  readonly view: ClusterView;
  readonly allocator: AddressAllocator;
  readonly announcements: AnnouncementView;
  readonly nodePorts: NodePortClaims;
  readonly watches: readonly BalancerWatch[];
  readonly writer: StatusWriter;
  readonly events: EventRecorder;
  readonly seesLeases: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Looks at a Service again. */
  readonly later: (key: ObjectKey, delayMs: number) => void;
  /** A load balancer outside of the cluster is asked to have what a Service wants. */
  readonly ensured: () => void;
  /** It has nothing of ours any more. */
  readonly released: (key: ObjectKey) => void;
}

/** What a Service is to have, and what comes of that besides. */
interface Outcome {
  readonly wanted: WantedStatus;
  readonly decision: AddressDecision;
  /** What is told if, and when, a difference was written. */
  readonly events: (change: StatusChange) => readonly Told[];
  /** What has failed, though what is wanted is known. */
  readonly failure: SyncFailure | undefined;
}

export class ServiceSync {
  readonly rows = new Map<ObjectKey, ServiceRow>();
  readonly #options: SyncOptions;
  readonly #contests = new Contests();
  readonly #pending = new PendingServices();
  /** Services as they were before what was written last. */
  readonly #unseen = new Map<ObjectKey, { readonly service: Service; readonly atMs: number }>();
  /** Who may have a balancer there, and whose it was. */
  readonly #served = new Map<ObjectKey, { readonly uid: string; readonly watch: BalancerWatch }>();

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** @throws SyncFailure, ApiError, or the signal's reason */
  async sync(key: ObjectKey, signal: AbortSignal): Promise<void> {
    const { view } = this.#options;
    const service = view.service(key);
    const claim = view.claim(key);
    if (this.#isUnseen(key, service)) return;
    // Where all is given back, it is looked for everywhere.
    if (claim.claim !== 'release') await this.#removeFormer(key, service, signal);
    const details = service?.loadBalancer;
    if (service === undefined || details === undefined || claim.claim === 'none') this.#forget(key);
    else if (claim.claim === 'release') await this.#release(key, service, details, claim, signal);
    else await this.#manage(key, service, details, claim, signal);
  }

  /** When {@link tellPending} has something to do; infinite: never. */
  get nextPendingMs(): number {
    return this.#pending.nextDueMs;
  }

  /** Tells, of Services that stay without what they ask for, why. */
  tellPending(nowMs: number): void {
    for (const key of this.#pending.take(nowMs)) {
      const service = this.#options.view.service(key);
      const { ready, addresses = [] } = this.rows.get(key) ?? {};
      if (service === undefined || ready === undefined) continue;
      this.#tell(service, [stillPending(ready, addresses.length > 0)]);
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

  /** What was written last has not come back yet. */
  #isUnseen(key: ObjectKey, service: Service | undefined): boolean {
    const unseen = this.#unseen.get(key);
    if (unseen === undefined) return false;
    const leftMs = unseen.atMs + SEEN_MS - this.#options.now();
    if (service === unseen.service && leftMs > 0) {
      this.#options.later(key, leftMs);
      return true;
    }
    this.#unseen.delete(key);
    return false;
  }

  /** The balancer of another Service that had this name, or of another class. */
  async #removeFormer(key: ObjectKey, service: Service | undefined, signal: AbortSignal): Promise<void> {
    const served = this.#served.get(key);
    if (served === undefined) return;
    if (service?.uid === served.uid && served.watch.isWanted(key)) return;
    await this.#removeAt(served.watch, key, signal);
    this.#served.delete(key);
  }

  async #removeAt(watch: BalancerWatch, key: ObjectKey, signal: AbortSignal): Promise<boolean> {
    const outcome = await watch.balancers.remove(key, signal);
    if (outcome.outcome === 'done') return outcome.isChanged;
    throw new SyncFailure(outcome.trouble.message, { retryAfterMs: outcome.retryAfterMs });
  }

  async #release(
    key: ObjectKey,
    service: Service,
    details: LoadBalancerDetails,
    { stale }: ReleaseClaim,
    signal: AbortSignal,
  ): Promise<void> {
    const events: Told[] = [];
    try {
      for (const watch of this.#options.watches) {
        // Its class went with its type: whose it was, nobody knows after a restart.
        if (await this.#removeAt(watch, key, signal))
          events.push(PROVIDER_EVENTS.deleting, PROVIDER_EVENTS.deleted);
      }
    } catch (error) {
      if (error instanceof SyncFailure) this.#tell(service, [syncFailed(error.message)]);
      throw error;
    }
    const change = details.isDeleting ? { removeFinalizers: stale } : this.#emptied(service, details, stale);
    if (change !== undefined) await this.#write(key, service, change, events, signal);
    this.#forget(key);
    this.#options.released(key);
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

  async #manage(
    key: ObjectKey,
    service: Service,
    details: LoadBalancerDetails,
    claim: ManagedClaim,
    signal: AbortSignal,
  ): Promise<void> {
    const isNew = !details.finalizers.includes(claim.finalizer);
    // Else a process that dies in between leaves something behind at a load balancer.
    if (isNew && claim.by === 'provider') {
      const events = [PROVIDER_EVENTS.ensuring, ...toldOnce(details)];
      await this.#write(key, service, { addFinalizer: claim.finalizer }, events, signal);
      return;
    }
    if (this.#contests.isContested(key, service, this.#options.now())) {
      await this.#yieldTo(key, service, details, claim, signal);
      return;
    }
    const outcome = await this.#outcomeOf(key, service, details, claim, signal);
    // While a load balancer was asked the Service may have become another one.
    if (this.#options.view.service(key) !== service) return;
    this.#note(key, service, claim, outcome);
    const change = diffStatus(details, outcome.wanted, this.#options.now(), claim.stale);
    const events = change === undefined ? [] : outcome.events(change);
    const { ready } = outcome.wanted;
    const reason = ready?.status === 'False' ? `${ready.reason}: ${ready.message}` : undefined;
    const isTold =
      change?.conditions?.has(READY_CONDITION) !== true || events.some(({ type }) => type === 'Warning');
    this.#pending.note(key, reason, !isTold, this.#options.now());
    if (change !== undefined) {
      await this.#write(key, service, change, [...events, ...(isNew ? toldOnce(details) : [])], signal);
    }
    if (outcome.failure !== undefined) throw outcome.failure;
  }

  #outcomeOf(
    key: ObjectKey,
    service: Service,
    details: LoadBalancerDetails,
    claim: ManagedClaim,
    signal: AbortSignal,
  ): Promise<Outcome> | Outcome {
    switch (claim.by) {
      case 'announcing':
        return this.#announced(key, details, claim);
      case 'nodes':
        return this.#atNodes(key, service, details, claim);
      case 'provider':
        return this.#provided(key, service, details, claim, signal);
    }
  }

  #announced(key: ObjectKey, details: LoadBalancerDetails, claim: ManagedClaim): Outcome {
    const { allocator, announcements } = this.#options;
    const decision = allocator.decision(key) ?? NOTHING;
    const ready = announcedReadiness(decision, (ip) => announcements.ownerOf(ip), this.#surroundings(key));
    const owners = decision.addresses.map((address) => announcements.ownerOf(address));
    return {
      wanted: {
        finalizer: claim.finalizer,
        ingress: vipIngress(decision.addresses),
        ready,
        portsError: undefined,
        annotations: poolAnnotations(details, decision.pools),
      },
      decision,
      events: (change) => [
        ...eventsOfChange(details, change),
        ...(change.conditions?.get(READY_CONDITION)?.reason === 'Announced' ? ownersTold(owners) : []),
      ],
      failure: undefined,
    };
  }

  #atNodes(key: ObjectKey, service: Service, details: LoadBalancerDetails, claim: ManagedClaim): Outcome {
    const { view, nodePorts } = this.#options;
    const conflict = nodePorts.conflictOf(key);
    const localNodes = service.externalTrafficPolicy === 'Local' ? view.endpointNodes(key) : undefined;
    const addresses = conflict === undefined ? nodeAddresses(service, view.eligibleNodes, localNodes) : [];
    return {
      wanted: {
        finalizer: claim.finalizer,
        ingress: vipIngress(addresses),
        ready: nodeReadiness(addresses, conflict, this.#surroundings(key)),
        portsError: undefined,
        annotations: {},
      },
      decision: { addresses, pools: addresses.map(() => ''), trouble: undefined },
      events: (change) => eventsOfChange(details, change),
      failure: undefined,
    };
  }

  async #provided(
    key: ObjectKey,
    service: Service,
    details: LoadBalancerDetails,
    claim: ManagedClaim,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { allocator, view } = this.#options;
    const decision = allocator.decision(key) ?? NOTHING;
    const wanted = {
      finalizer: claim.finalizer,
      portsError: undefined,
      annotations: poolAnnotations(details, decision.pools),
    };
    const watch = this.#options.watches.find(({ loadBalancerClass }) => loadBalancerClass === claim.servedAs);
    const failed = (message: string, failure?: SyncFailure): Outcome => ({
      wanted: { ...wanted, ingress: undefined, ready: { status: 'False', reason: 'ProviderError', message } },
      decision,
      events: () => [syncFailed(message)],
      failure,
    });
    if (watch === undefined) return failed(`no load balancer of class ${claim.servedAs} is set up`);
    if (watch.unknown !== undefined) {
      // It is looked at again soon; then its Services are, too.
      return this.rows.has(key) || addressesOf(details.ingress).length > 0
        ? failed(watch.unknown)
        : { ...failed(watch.unknown), events: () => [] };
    }
    if (decision.addresses.length === 0 && decision.trouble !== undefined) {
      await this.#removeAt(watch, key, signal);
      this.#served.delete(key);
      const ready: Readiness = { status: 'False', ...decision.trouble };
      return {
        wanted: { ...wanted, ingress: [], ready },
        decision,
        events: (change) => eventsOfChange(details, change),
        failure: undefined,
      };
    }
    this.#served.set(key, { uid: service.uid, watch });
    this.#options.ensured();
    const outcome = await watch.balancers.put(
      { service, addresses: decision.addresses, nodes: view.eligibleNodes, slices: view.slicesOf(key) },
      signal,
    );
    if (outcome.outcome === 'failed') {
      const { trouble, retryAfterMs, isPermanent } = outcome;
      const failure = isPermanent ? undefined : new SyncFailure(trouble.message, { retryAfterMs });
      const told = failed(trouble.message, failure);
      return { ...told, wanted: { ...told.wanted, ready: { status: 'False', ...trouble } } };
    }
    return this.#done(details, outcome, { wanted, decision });
  }

  #done(
    details: LoadBalancerDetails,
    {
      ingress,
      portsError,
      trouble,
      isChanged,
    }: Extract<Awaited<ReturnType<BalancerWatch['balancers']['put']>>, { outcome: 'done' }>,
    {
      wanted,
      decision,
    }: { readonly wanted: Omit<WantedStatus, 'ingress' | 'ready'>; readonly decision: AddressDecision },
  ): Outcome {
    // Pods are reached without any.
    const sendsToPods = details.annotations.get(BALANCER_ANNOTATIONS.backends) === 'pods';
    const without = sendsToPods ? undefined : this.#options.view.noNodes;
    const problem = trouble ?? decision.trouble;
    const ready: Readiness =
      problem !== undefined
        ? { status: 'False', ...problem }
        : without !== undefined
          ? { status: 'False', reason: 'NoEligibleNode', message: without }
          : {
              status: 'True',
              reason: 'Provisioned',
              message: 'the load balancer has what the Service asks for',
            };
    return {
      wanted: { ...wanted, ingress, ready, portsError },
      decision,
      events: (change) => {
        const isFirst = change.ingress !== undefined && details.ingress.length === 0;
        const told: Told[] = [];
        if (isFirst) told.push(PROVIDER_EVENTS.ensured);
        else if (isChanged) told.push(PROVIDER_EVENTS.updated);
        if (change.conditions?.get(READY_CONDITION)?.reason === 'NoEligibleNode' && without !== undefined) {
          told.push(noNodes(without));
        }
        return told;
      },
      failure: undefined,
    };
  }

  /** Says once that the status is another's, and writes no more. */
  async #yieldTo(
    key: ObjectKey,
    service: Service,
    details: LoadBalancerDetails,
    claim: ManagedClaim,
    signal: AbortSignal,
  ): Promise<void> {
    const ready: Readiness = {
      status: 'False',
      reason: 'Contested',
      message:
        'another controller writes the status of this Service; nothing is written until the Service changes',
    };
    const { allocator } = this.#options;
    const decision = allocator.decision(key) ?? NOTHING;
    const wanted: WantedStatus = {
      ...{ finalizer: undefined, ingress: undefined, ready, portsError: undefined },
      annotations: {},
    };
    const isTold = this.rows.get(key)?.ready?.reason === 'Contested';
    this.#note(key, service, claim, { wanted, decision, events: () => [], failure: undefined });
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
    this.#unseen.set(key, { service, atMs: this.#options.now() });
    this.#tell(service, events);
  }

  #note(
    key: ObjectKey,
    { namespace, name }: Service,
    claim: ManagedClaim,
    { wanted, decision }: Outcome,
  ): void {
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
    this.#unseen.delete(key);
    this.#served.delete(key);
  }
}

const NOTHING: AddressDecision = { addresses: [], pools: [], trouble: undefined };

/** What is told when a Service is seen for the first time. */
function toldOnce(details: LoadBalancerDetails): readonly Told[] {
  const told = ignoredAnnotation(details);
  return told === undefined ? [] : [told];
}

function ownersTold(owners: readonly (AddressOwner | undefined)[]): readonly Told[] {
  const byNode = new Map(
    owners.flatMap((owner) => (owner === undefined ? [] : [[owner.node, owner] as const])),
  );
  return Array.from(byNode.values(), nodeAssigned);
}

/** MetalLB's name for it, too, where that is what the author of the Service goes by. */
function poolAnnotations(
  { annotations }: LoadBalancerDetails,
  pools: readonly string[],
): Readonly<Record<string, string | undefined>> {
  // An address that stays though its pool does not have it any more is announced as one of that pool.
  const former = pools.includes('') ? partsOf(annotations.get(POOL_ANNOTATIONS.own) ?? '') : [];
  const named = [...new Set([...pools, ...former])].filter((pool) => pool !== '').join(',');
  const value = named === '' ? undefined : named;
  const isMetalLb = [...annotations.keys()].some((name) => name.startsWith('metallb.'));
  return { [POOL_ANNOTATIONS.own]: value, ...(isMetalLb ? { [POOL_ANNOTATIONS.metallb]: value } : {}) };
}
