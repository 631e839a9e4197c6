/**
 * Holds what a load balancer outside of the cluster has to what Services want: desired, observed, one difference, for each
 * Service by itself. The controller says when, writes the status, and tries again what has failed.
 */
import type { Condition, StatusIngress } from '../../kubernetes/load-balancer-objects.ts';
import type { Node } from '../../kubernetes/objects.ts';
import type { ObjectKey } from '../../state/object-key.ts';
import type { Trouble } from '../pools/allocation.ts';
import {
  type BalancerWish,
  balancerRequest,
  DEFAULT_REQUEST_SETTINGS,
  type RequestSettings,
  type ServicePortRef,
} from './balancer-request.ts';
import { type BalancerRequest, type ObservedBalancer, type Provider, ProviderError } from './provider.ts';
import { describeUnreachable } from './unreachable.ts';

/** What became of a Service at the load balancer. */
export type BalancerOutcome =
  | {
      readonly outcome: 'done';
      /** Something was changed at the load balancer: worth an event. */
      readonly isChanged: boolean;
      /** For `status.loadBalancer.ingress`. */
      readonly ingress: readonly StatusIngress[];
      /** A condition that belongs to the status; without it, there must be none of this type. */
      readonly portsError: Omit<Condition, 'lastTransitionTime'> | undefined;
      /** Some of it does not work, and will not before the Service changes. */
      readonly trouble: Trouble | undefined;
    }
  /** What was there before, if anything, still is: the status stays as it is. */
  | {
      readonly outcome: 'failed';
      readonly trouble: Trouble;
      /** When to try again, if the load balancer says so. */
      readonly retryAfterMs: number | undefined;
      /** It makes no sense to try again before the Service, its nodes or its endpoints change. */
      readonly isPermanent: boolean;
    };

/** What a look at the load balancer has shown. */
interface Look {
  /** What of each Service is not as it was left, in words; to be put again. */
  readonly drifted: ReadonlyMap<ObjectKey, string>;
  /** Names of balancers that were removed, since no Service wants them. */
  readonly removed: readonly string[];
  /** What could not be removed, and why. */
  readonly failures: readonly string[];
  /** Nodes and Services that it reaches nothing of, and why: sentences. */
  readonly unreachable: readonly string[];
}

/** Condition and reason of KEP-1435 for ports that a load balancer can't have. */
const PORTS_ERROR = 'LoadBalancerPortsError';
const MIXED_PROTOCOLS = 'LoadBalancerMixedProtocolNotSupported';
const UNSUPPORTED_PROTOCOL = 'menwei.dev/UnsupportedProtocol';

interface Applied<Spec> {
  readonly spec: Spec;
  readonly ingress: readonly StatusIngress[];
}

export class BalancerEngine<Spec> {
  readonly #provider: Provider<Spec>;
  readonly #settings: RequestSettings;
  /** What the load balancer has for each Service, where that is known. */
  readonly #applied = new Map<ObjectKey, Applied<Spec>>();

  /** As they were when a Service was put last. */
  #nodes: readonly Node[] = [];

  constructor(provider: Provider<Spec>, settings: RequestSettings = DEFAULT_REQUEST_SETTINGS) {
    this.#provider = provider;
    this.#settings = settings;
  }

  /**
   * Sees to it that the load balancer has what the Service wants. One call for a Service at a time; those of many Services
   * at a time cost less than one after the other.
   */
  async put(wish: BalancerWish, signal: AbortSignal): Promise<BalancerOutcome> {
    this.#nodes = wish.nodes;
    const decision = balancerRequest(wish, this.#provider.supports, this.#settings);
    if ('trouble' in decision) return refused(decision.trouble);
    const { request, unsupported } = decision;
    try {
      const { ingress, isChanged } =
        request.ports.length === 0
          ? await this.#putNothing(request, signal)
          : await this.#putSpec(request, signal);
      const told = unsupported.length === 0 ? ingress : withErrors(ingress, wish, unsupported);
      return { outcome: 'done', isChanged, ingress: told, ...this.#describePorts(wish, unsupported) };
    } catch (error) {
      this.#applied.delete(request.service);
      return failed(error);
    }
  }

  /** Sees to it that the load balancer has nothing of a Service, also where nobody knows whether there was something. */
  async remove(service: ObjectKey, signal: AbortSignal): Promise<BalancerOutcome> {
    const isChanged = this.#applied.delete(service);
    try {
      await this.#provider.apply({ change: 'remove', service, name: service }, signal);
      return { outcome: 'done', isChanged, ingress: [], portsError: undefined, trouble: undefined };
    } catch (error) {
      return failed(error);
    }
  }

  /**
   * Compares what is there with what was left there, and removes what no Service wants. To be called once before the first
   * {@link put}, as soon as all Services are known, and every minute from then on (LQ-3).
   *
   * @param isWanted whether there is such a Service, and its class is this provider's
   * @throws ProviderError when the load balancer can't be read
   */
  async look(isWanted: (service: ObjectKey) => boolean, signal: AbortSignal): Promise<Look> {
    const before = new Map(this.#applied);
    const observed = await this.#provider.observe(signal);
    const drifted = new Map<ObjectKey, string>();
    const gone = new Set([...before.keys()].filter(isWanted));
    const orphans: ObservedBalancer<Spec>[] = [];
    for (const balancer of observed) {
      const { service } = balancer;
      if (service === undefined || !isWanted(service)) {
        orphans.push(balancer);
        continue;
      }
      gone.delete(service);
      const drift = this.#drift(balancer, before.get(service));
      if (drift !== '') drifted.set(service, drift);
      else this.#adopt(service, balancer);
    }
    for (const service of gone) drifted.set(service, 'it is gone');
    for (const service of drifted.keys()) {
      // What was put while the load balancer was being read is newer than what was read.
      if (this.#applied.get(service) === before.get(service)) this.#applied.delete(service);
      else drifted.delete(service);
    }
    const unreachable = await this.#findUnreachable(signal);
    return { drifted, unreachable, ...(await this.#removeOrphans(orphans, isWanted, signal)) };
  }

  async #findUnreachable(signal: AbortSignal): Promise<readonly string[]> {
    const health = await this.#provider.health?.(signal);
    return health === undefined ? [] : describeUnreachable(this.#provider.name, health, this.#nodes);
  }

  async #putSpec(request: BalancerRequest, signal: AbortSignal) {
    const { service } = request;
    const spec = this.#provider.compile(request);
    const before = this.#applied.get(service);
    if (before !== undefined && this.#provider.isSame(before.spec, spec)) {
      return { ingress: before.ingress, isChanged: false };
    }
    const status = await this.#provider.apply({ change: 'put', service, spec }, signal);
    if (status === undefined)
      throw new ProviderError(`${this.#provider.name} does not say where clients connect`);
    const { ingress } = status;
    this.#applied.set(service, { spec, ingress });
    return { ingress, isChanged: true };
  }

  /** Of a Service none of whose ports can be served. */
  async #putNothing({ service, addresses }: BalancerRequest, signal: AbortSignal) {
    const isChanged = this.#applied.delete(service);
    await this.#provider.apply({ change: 'remove', service, name: service }, signal);
    const ingress = addresses.map((ip): StatusIngress => ({ ip, hostname: '', ipMode: 'Proxy', ports: [] }));
    return { ingress, isChanged };
  }

  #describePorts({ service }: BalancerWish, unsupported: readonly ServicePortRef[]) {
    if (unsupported.length === 0) return { portsError: undefined, trouble: undefined };
    const names = unsupported.map(({ port, protocol }) => `${port}/${protocol}`).join(', ');
    const message = `${this.#provider.name} can't serve ${names} (only ${this.#provider.supports.protocols.join(', ')})`;
    const hasOthers = unsupported.length < service.ports.length;
    const portsError = hasOthers
      ? ({ type: PORTS_ERROR, status: 'True', reason: MIXED_PROTOCOLS, message } as const)
      : undefined;
    const trouble: Trouble = { reason: 'InvalidRequest', message };
    return { portsError, trouble };
  }

  /** Empty: it is what was left there, as far as anybody knows. */
  #drift({ spec, drift }: ObservedBalancer<Spec>, applied: Applied<Spec> | undefined): string {
    if (drift !== '') return drift;
    if (spec === undefined) return "it can't be read";
    if (applied === undefined || this.#provider.isSame(applied.spec, spec)) return '';
    return 'it is not what was left there';
  }

  /** A former controller has left it: no reason to do it again. */
  #adopt(service: ObjectKey, { spec, status }: ObservedBalancer<Spec>): void {
    if (this.#applied.has(service) || spec === undefined || status === undefined) return;
    this.#applied.set(service, { spec, ingress: status.ingress });
  }

  async #removeOrphans(
    orphans: readonly ObservedBalancer<Spec>[],
    isWanted: (service: ObjectKey) => boolean,
    signal: AbortSignal,
  ): Promise<Pick<Look, 'removed' | 'failures'>> {
    const removed: string[] = [];
    const failures: string[] = [];
    await Promise.all(
      orphans.map(async ({ service, name }) => {
        if (service !== undefined && isWanted(service)) return;
        try {
          if (service !== undefined) this.#applied.delete(service);
          await this.#provider.apply({ change: 'remove', service, name }, signal);
          removed.push(name);
        } catch (error) {
          failures.push(`${name}: ${describe(error)}`);
        }
      }),
    );
    return { removed: removed.sort(), failures: failures.sort() };
  }
}

function refused(trouble: Trouble): BalancerOutcome {
  return { outcome: 'failed', trouble, retryAfterMs: undefined, isPermanent: true };
}

function failed(error: unknown): BalancerOutcome {
  const { retryAfterMs, isPermanent } =
    error instanceof ProviderError ? error : { retryAfterMs: undefined, isPermanent: false };
  return {
    outcome: 'failed',
    trouble: { reason: 'ProviderError', message: describe(error) },
    retryAfterMs,
    isPermanent,
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Where a port has an entry, all have one. */
function withErrors(
  ingress: readonly StatusIngress[],
  { service }: BalancerWish,
  unsupported: readonly ServicePortRef[],
): readonly StatusIngress[] {
  const isUnsupported = ({ port, protocol }: ServicePortRef) =>
    unsupported.some((one) => one.port === port && one.protocol === protocol);
  const ports = service.ports.map(({ port, protocol }) => ({
    port,
    protocol,
    error: isUnsupported({ port, protocol }) ? UNSUPPORTED_PROTOCOL : '',
  }));
  return ingress.map((entry) => ({ ...entry, ports }));
}
