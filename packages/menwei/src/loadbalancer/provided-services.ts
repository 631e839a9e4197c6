/** Services whose load balancers are outside of the cluster: what those have of them, and what became of asking. */
import type { Service } from '../kubernetes/objects.ts';
import type { ObjectKey } from '../state/object-key.ts';
import type { BalancerWatch } from './balancer-watch.ts';
import type { ClusterView } from './cluster-view.ts';
import { type Managed, type Outcome, poolAnnotations } from './outcome.ts';
import type { AddressDecision } from './pools/allocation.ts';
import { BALANCER_ANNOTATIONS } from './providers/balancer-annotations.ts';
import type { BalancerOutcome } from './providers/balancer-engine.ts';
import { eventsOfChange, noNodes, PROVIDER_EVENTS, syncFailed, type Told } from './service-events.ts';
import { SyncFailure } from './sync-failure.ts';
import { READY_CONDITION, type Readiness } from './wanted-status.ts';

type Done = Extract<BalancerOutcome, { outcome: 'done' }>;

interface ProvidedOptions {
  readonly view: ClusterView;
  readonly watches: readonly BalancerWatch[];
  /** A load balancer is asked to have what a Service wants. */
  readonly ensured: () => void;
}

export class ProvidedServices {
  readonly #options: ProvidedOptions;
  /** Who may have a balancer there, and whose it was. */
  readonly #served = new Map<ObjectKey, { readonly uid: string; readonly watch: BalancerWatch }>();

  constructor(options: ProvidedOptions) {
    this.#options = options;
  }

  /** Removes what another Service had that was called so, or one of another class. @throws SyncFailure */
  async removeFormer(key: ObjectKey, service: Service | undefined, signal: AbortSignal): Promise<void> {
    const served = this.#served.get(key);
    if (served === undefined) return;
    if (service?.uid === served.uid && served.watch.isWanted(key)) return;
    await removeAt(served.watch, key, signal);
    this.#served.delete(key);
  }

  /** Whose it was, nobody knows after a restart: its class went with its type. Returns whether there was anything. @throws SyncFailure */
  async removeEverywhere(key: ObjectKey, signal: AbortSignal): Promise<boolean> {
    let wasThere = false;
    for (const watch of this.#options.watches) wasThere = (await removeAt(watch, key, signal)) || wasThere;
    this.#served.delete(key);
    return wasThere;
  }

  /** Undefined: it is not known yet, and will be in a moment. @throws SyncFailure */
  async outcomeOf(
    key: ObjectKey,
    managed: Managed,
    decision: AddressDecision,
    signal: AbortSignal,
  ): Promise<Outcome | undefined> {
    const { service, claim } = managed;
    const { view, watches, ensured } = this.#options;
    const watch = watches.find(({ loadBalancerClass }) => loadBalancerClass === claim.servedAs);
    if (watch === undefined) {
      const message = `no load balancer of class ${claim.servedAs} is set up`;
      return failed(managed, decision, { reason: 'ProviderError', message });
    }
    if (watch.isUnknown) {
      if (watch.failure === '') return undefined;
      return failed(managed, decision, { reason: 'ProviderError', message: watch.failure });
    }
    if (decision.addresses.length === 0 && decision.trouble !== undefined) {
      await removeAt(watch, key, signal);
      this.#served.delete(key);
      return withoutAddresses(managed, decision, decision.trouble);
    }
    this.#served.set(key, { uid: service.uid, watch });
    ensured();
    const { addresses } = decision;
    const wish = { service, addresses, nodes: view.eligibleNodes, slices: view.slicesOf(key) };
    const outcome = await watch.balancers.put(wish, signal);
    if (outcome.outcome === 'done') return done(managed, decision, outcome, view.noNodes);
    const { trouble, retryAfterMs, isPermanent } = outcome;
    const failure = isPermanent ? undefined : new SyncFailure(trouble.message, { retryAfterMs });
    return { ...failed(managed, decision, trouble), failure };
  }

  forget(key: ObjectKey): void {
    this.#served.delete(key);
  }
}

async function removeAt(watch: BalancerWatch, key: ObjectKey, signal: AbortSignal): Promise<boolean> {
  const outcome = await watch.balancers.remove(key, signal);
  if (outcome.outcome === 'done') return outcome.isChanged;
  throw new SyncFailure(outcome.trouble.message, { retryAfterMs: outcome.retryAfterMs });
}

function basics({ details, claim }: Managed, { pools }: AddressDecision) {
  const annotations = poolAnnotations(details, pools);
  return { finalizer: claim.finalizer, portsError: undefined, annotations };
}

/** What clients are told stays as it was. */
function failed(
  managed: Managed,
  decision: AddressDecision,
  trouble: NonNullable<AddressDecision['trouble']>,
): Outcome {
  const ready: Readiness = { status: 'False', ...trouble };
  return {
    wanted: { ...basics(managed, decision), ingress: undefined, ready },
    decision,
    events: () => [syncFailed(trouble.message)],
    failure: undefined,
  };
}

function withoutAddresses(
  managed: Managed,
  decision: AddressDecision,
  trouble: NonNullable<AddressDecision['trouble']>,
): Outcome {
  const ready: Readiness = { status: 'False', ...trouble };
  return {
    wanted: { ...basics(managed, decision), ingress: [], ready },
    decision,
    events: (change) => eventsOfChange(managed.details, change),
    failure: undefined,
  };
}

/** @param without why there is no node for anybody; undefined: there is one */
function done(
  managed: Managed,
  decision: AddressDecision,
  { ingress, portsError, trouble, isChanged }: Done,
  without: string | undefined,
): Outcome {
  const { details } = managed;
  // Pods are reached without any.
  const sendsToPods = details.annotations.get(BALANCER_ANNOTATIONS.backends) === 'pods';
  const lack =
    without === undefined || sendsToPods
      ? undefined
      : ({ reason: 'NoEligibleNode', message: without } as const);
  const problem = trouble ?? decision.trouble ?? lack;
  const ready: Readiness =
    problem === undefined
      ? { status: 'True', reason: 'Provisioned', message: 'the load balancer has what the Service asks for' }
      : { status: 'False', ...problem };
  return {
    wanted: { ...basics(managed, decision), ingress, ready, portsError },
    decision,
    events: (change) => {
      const told: Told[] = [];
      if (change.ingress !== undefined && details.ingress.length === 0) told.push(PROVIDER_EVENTS.ensured);
      else if (isChanged) told.push(PROVIDER_EVENTS.updated);
      const isLacking = change.conditions?.get(READY_CONDITION)?.reason === 'NoEligibleNode';
      if (isLacking && lack !== undefined) told.push(noNodes(lack.message));
      return told;
    },
    failure: undefined,
  };
}
