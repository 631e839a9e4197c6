/**
 * The contract between the controller and a load balancer outside of the cluster (load-balancer § 8.1). The controller has
 * the finalizer, status, events, retries, the choice of nodes and endpoints, the diff and the removal of what is orphaned;
 * a provider has nothing but its load balancer's own interface.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Protocol } from '../../kubernetes/objects.ts';
import type { ObjectKey } from '../../state/object-key.ts';

/** What the client's address becomes on the way to a server. */
export type ClientAddress = 'snat' | 'proxy-v1' | 'proxy-v2' | 'transparent';

/** Where traffic may be sent to: a NodePort of a node, or a port of a pod. */
export interface BalancerServer {
  /** Canonical. */
  readonly ip: string;
  readonly port: number;
  /** The node it is, or is on; for messages. */
  readonly node: string;
  readonly weight: number;
  /** `drain`: keeps the connections it has, and gets no new ones. */
  readonly state: 'active' | 'drain';
}

/** How a server's health is asked; undefined: by connecting to the port itself. */
export interface HealthCheck {
  readonly path: string;
  readonly port: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row, or successes, change what is thought of it. */
  readonly fall: number;
  readonly rise: number;
}

export interface BalancerPort {
  /** Empty when the port of the Service has none. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly servers: readonly BalancerServer[];
  readonly healthCheck: HealthCheck | undefined;
}

/** Everything that a provider needs to know of one Service. */
export interface BalancerRequest {
  readonly service: ObjectKey;
  readonly uid: string;
  /** Canonical addresses at which clients connect. */
  readonly addresses: readonly string[];
  readonly ports: readonly BalancerPort[];
  /** Canonical CIDRs; empty: everybody. */
  readonly sourceRanges: readonly string[];
  /** Somebody was to be kept out, in words that can't be read: families without a range let nobody in. */
  readonly hasUnreadableSourceRange: boolean;
  /** Seconds; 0: none. */
  readonly affinitySeconds: number;
  readonly clientAddress: ClientAddress;
}

/** What exists at the load balancer for one Service; `spec` is what was asked for last, as far as it can be read. */
export interface ObservedBalancer<Spec> {
  /** Undefined: it carries our tag, and the Service can't be told. */
  readonly service: ObjectKey | undefined;
  readonly name: string;
  readonly spec: Spec | undefined;
}

export type BalancerChange<Spec> =
  | { readonly change: 'put'; readonly service: ObjectKey; readonly spec: Spec }
  | { readonly change: 'remove'; readonly service: ObjectKey | undefined; readonly name: string };

/** What clients are told: entries of `status.loadBalancer.ingress`. */
export interface BalancerStatus {
  readonly ingress: readonly {
    readonly ip: string;
    readonly hostname: string;
    readonly ipMode: 'VIP' | 'Proxy' | undefined;
    readonly ports: readonly { readonly port: number; readonly protocol: Protocol; readonly error: string }[];
  }[];
}

/** A provider's refusal, in its load balancer's words. */
export class ProviderError extends Error {
  /** Try again then, and not by the usual back-off. */
  readonly retryAfterMs: number | undefined;
  /** It makes no sense to try again before the Service changes. */
  readonly isPermanent: boolean;

  constructor(
    message: string,
    options: {
      readonly retryAfterMs?: number;
      readonly isPermanent?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ProviderError';
    this.retryAfterMs = options.retryAfterMs;
    this.isPermanent = options.isPermanent ?? false;
  }
}

export interface BalancerEvent {
  readonly service: ObjectKey;
  readonly server: string;
  readonly isUp: boolean;
  readonly reason: string;
}

export interface Provider<Spec> {
  /** `haproxy` */
  readonly name: string;
  readonly supports: {
    readonly protocols: readonly Protocol[];
    readonly families: readonly IpFamily[];
    readonly backends: readonly ('nodes' | 'pods')[];
    readonly clientAddress: readonly ClientAddress[];
    readonly mixedProtocols: boolean;
  };
  /** Pure: what must exist for this Service. The same request gives the same spec. */
  compile(request: BalancerRequest): Spec;
  isSame(a: Spec, b: Spec): boolean;
  /** All balancers of ours that exist, also those of Services that are gone. Throws {@link ProviderError}. */
  observe(signal: AbortSignal): Promise<readonly ObservedBalancer<Spec>[]>;
  /** Makes one difference; to do it twice does no harm. Throws {@link ProviderError}. Undefined: there is nothing to tell. */
  apply(change: BalancerChange<Spec>, signal: AbortSignal): Promise<BalancerStatus | undefined>;
  /** Tells of health as the balancer sees it, until the signal fires. */
  watch?(sink: (event: BalancerEvent) => void, signal: AbortSignal): Promise<void>;
}
