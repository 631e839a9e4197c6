/**
 * The contract between the controller and a load balancer outside of the cluster (load-balancer § 8.1). The controller has
 * the finalizer, status, events, retries, the choice of nodes and endpoints, the diff and the removal of what is orphaned;
 * a provider has nothing but its load balancer's own interface.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { StatusIngress } from '../../kubernetes/load-balancer-objects.ts';
import type { Protocol } from '../../kubernetes/objects.ts';
import type { ObjectKey } from '../../state/object-key.ts';

/** What stands behind a load balancer. */
export type Backends = 'nodes' | 'pods';

/** What the client's address becomes on the way to a server. */
export type ClientAddress = 'snat' | 'proxy-v1' | 'proxy-v2' | 'transparent';

/** Where traffic may be sent to: a NodePort of a node, or a port of a pod. */
export interface BalancerServer {
  /** Canonical. */
  readonly ip: string;
  readonly port: number;
  /** The node it is; for messages. Empty: a pod. */
  readonly node: string;
  readonly weight: number;
  /** `drain`: keeps the connections it has, and gets no new ones. */
  readonly state: 'active' | 'drain';
}

/** What a server is asked for its health. */
export type Probe =
  /** It is not asked. */
  | { readonly kind: 'none' }
  /** By connecting to the port, or to this one. */
  | { readonly kind: 'tcp'; readonly port: number | undefined }
  /** Over HTTP, on the port itself or this one. */
  | {
      readonly kind: 'http';
      readonly port: number | undefined;
      /** Printable ASCII without blanks; begins with a slash. */
      readonly path: string;
      /** Value of the header; empty: the server's address. */
      readonly host: string;
      /** Status codes of a healthy server, both included. */
      readonly expect: { readonly first: number; readonly last: number };
    };

export interface HealthCheck {
  readonly probe: Probe;
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
  readonly healthCheck: HealthCheck;
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
  /** What clients are told of it; undefined where the load balancer does not say. */
  readonly status: BalancerStatus | undefined;
  /** What else is not as it was left: somebody has stopped a server. Empty: nothing. */
  readonly drift: string;
}

export type BalancerChange<Spec> =
  | { readonly change: 'put'; readonly service: ObjectKey; readonly spec: Spec }
  | { readonly change: 'remove'; readonly service: ObjectKey | undefined; readonly name: string };

/** What clients are told. */
export interface BalancerStatus {
  readonly ingress: readonly StatusIngress[];
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

/** What a load balancer thinks of a server, by its own checks. */
export interface ServerHealth {
  readonly service: ObjectKey;
  /** Canonical. */
  readonly ip: string;
  readonly port: number;
  /** Empty: it is well; else why it gets no connections, in the load balancer's words. */
  readonly trouble: string;
  /** Something is there, whatever it says. */
  readonly isReached: boolean;
}

export interface ProviderSupport {
  readonly protocols: readonly Protocol[];
  readonly families: readonly IpFamily[];
  /** The first one is what Services get that name none. */
  readonly backends: readonly Backends[];
  readonly clientAddress: readonly ClientAddress[];
  readonly mixedProtocols: boolean;
}

export interface Provider<Spec> {
  /** `haproxy` */
  readonly name: string;
  readonly supports: ProviderSupport;
  /** Pure: what must exist for this Service. The same request gives the same spec. */
  compile(request: BalancerRequest): Spec;
  isSame(a: Spec, b: Spec): boolean;
  /**
   * All balancers of ours that exist, also those of Services that are gone; those of others, and of other clusters, are
   * nobody's business. Throws {@link ProviderError}.
   */
  observe(signal: AbortSignal): Promise<readonly ObservedBalancer<Spec>[]>;
  /**
   * Makes one difference; to do it twice does no harm. Those of several Services may be asked for at a time, and are then
   * made together where that is cheaper. Throws {@link ProviderError}: then it may be done in part. Undefined after a
   * `remove`; after a `put` it would be a failure.
   */
  apply(change: BalancerChange<Spec>, signal: AbortSignal): Promise<BalancerStatus | undefined>;
  /** How servers are that it asks for their health; those that it does not ask are not among them. Throws {@link ProviderError}. */
  health?(signal: AbortSignal): Promise<readonly ServerHealth[]>;
}
