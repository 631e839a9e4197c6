/** What the allocation of addresses is asked and what it answers (load-balancer § 4). */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Protocol } from '../../kubernetes/objects.ts';
import type { ObjectKey } from '../../state/object-key.ts';

/** Why a Service has no address, or is not reached at the one it has: reasons of the condition `menwei.dev/LoadBalancerReady`. */
export type PendingReason =
  | 'NoPool'
  | 'NoMatchingPool'
  | 'PoolExhausted'
  | 'AddressOutsidePools'
  | 'AddressInUse'
  | 'PortConflict'
  | 'SharingKeyMismatch'
  | 'FamilyUnavailable'
  | 'InvalidRequest'
  | 'NoEligibleNode'
  | 'NoEndpoints'
  | 'NotAnnounced'
  | 'ProviderError'
  | 'Contested';

/** A reason with the sentence that people read: names pools, Services, nodes and fields. */
export interface Trouble {
  readonly reason: PendingReason;
  readonly message: string;
}

/** One Service that wants addresses, as far as allocation is concerned. */
export interface AddressRequest {
  readonly service: ObjectKey;
  readonly namespace: string;
  readonly createdAtMs: number;
  readonly labels: ReadonlyMap<string, string>;
  readonly namespaceLabels: ReadonlyMap<string, string>;
  /** In the order of the Service. */
  readonly families: readonly IpFamily[];
  readonly familyPolicy: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
  readonly ports: readonly { readonly protocol: Protocol; readonly port: number }[];
  /** Canonical addresses it asks for; empty: any. */
  readonly addresses: readonly string[];
  /** The pool it asks for; empty: any. */
  readonly pool: string;
  /** Undefined: it shares with nobody. */
  readonly sharing:
    | {
        readonly key: string;
        /** Namespaces whose Services it shares with, besides its own: a list, or `all`. */
        readonly namespaces: readonly string[] | 'all';
      }
    | undefined;
  /** externalTrafficPolicy Local: the nodes that may be the owner of its address. Undefined: Cluster, any node. */
  readonly localNodes: ReadonlySet<string> | undefined;
  /** What cannot be read or contradicts itself in the request (annotations, load-balancer § 4.3); it gets nothing new then. */
  readonly invalid: string | undefined;
  /** Canonical addresses that its status has now. */
  readonly held: readonly string[];
  /** The pools that those are from, as was noted beside them; empty: nobody knows. */
  readonly heldFrom: readonly string[];
}

/** What a Service is to have. */
export interface AddressDecision {
  /** Canonical, in the order of the Service's families; empty: none. */
  readonly addresses: readonly string[];
  /** The pool of each address, in the same order; empty text: it is outside of all pools. */
  readonly pools: readonly string[];
  /**
   * Undefined: all is well, also when PreferDualStack has one family only. There may be addresses and trouble: what it keeps though
   * no pool would give it (`AddressOutsidePools`) or its request can't be read (`InvalidRequest`), one family of two that it
   * requires, and an address that it shares with an older one whose nodes are others (`NoEligibleNode`).
   */
  readonly trouble: Trouble | undefined;
}
