/** What a Service is to have whose addresses nodes announce, or are those of nodes: pure. */
import { POOL_ANNOTATIONS } from '../kubernetes/load-balancer-annotations.ts';
import type { LoadBalancerDetails } from '../kubernetes/load-balancer-objects.ts';
import type { Node, Service } from '../kubernetes/objects.ts';
import type { AddressOwner } from './announcement-view.ts';
import type { Claim } from './claim.ts';
import { nodeAddresses } from './node-addresses.ts';
import type { AddressDecision } from './pools/allocation.ts';
import { partsOf } from './pools/request-annotations.ts';
import { announcedReadiness, nodeReadiness, type Surroundings } from './readiness.ts';
import { eventsOfChange, nodeAssigned, type Told } from './service-events.ts';
import type { SyncFailure } from './sync-failure.ts';
import { READY_CONDITION, type StatusChange, vipIngress, type WantedStatus } from './wanted-status.ts';

type ManagedClaim = Extract<Claim, { claim: 'managed' }>;

/** A Service that is to have a load balancer. */
export interface Managed {
  readonly service: Service;
  readonly details: LoadBalancerDetails;
  readonly claim: ManagedClaim;
}

/** What a Service is to have, and what comes of that besides. */
export interface Outcome {
  readonly wanted: WantedStatus;
  readonly decision: AddressDecision;
  /** What is told if, and when, a difference was written. */
  readonly events: (change: StatusChange) => readonly Told[];
  /** What has failed, though what is wanted is known. */
  readonly failure: SyncFailure | undefined;
}

/** Of a Service that has not asked for anything yet. */
export const NO_DECISION: AddressDecision = { addresses: [], pools: [], trouble: undefined };

/** @param ownerOf undefined: no node answers for the address */
export function announcedOutcome(
  { details, claim }: Managed,
  decision: AddressDecision,
  ownerOf: (address: string) => AddressOwner | undefined,
  surroundings: Surroundings,
): Outcome {
  return {
    wanted: {
      finalizer: claim.finalizer,
      ingress: vipIngress(decision.addresses),
      ready: announcedReadiness(decision, ownerOf, surroundings),
      portsError: undefined,
      annotations: poolAnnotations(details, decision.pools),
    },
    decision,
    events: (change) => {
      const isAnnounced = change.conditions?.get(READY_CONDITION)?.reason === 'Announced';
      const owners = isAnnounced ? decision.addresses.map(ownerOf) : [];
      return [...eventsOfChange(details, change), ...ownersTold(owners)];
    },
    failure: undefined,
  };
}

/** @param conflict why it may not have its ports; undefined: it may */
export function nodesOutcome(
  { service, details, claim }: Managed,
  nodes: readonly Node[],
  conflict: string | undefined,
  surroundings: Surroundings,
): Outcome {
  const localNodes = surroundings.isLocal ? surroundings.endpointNodes : undefined;
  const addresses = conflict === undefined ? nodeAddresses(service, nodes, localNodes) : [];
  return {
    wanted: {
      finalizer: claim.finalizer,
      ingress: vipIngress(addresses),
      ready: nodeReadiness(addresses, conflict, surroundings),
      portsError: undefined,
      annotations: {},
    },
    decision: { addresses, pools: addresses.map(() => ''), trouble: undefined },
    events: (change) => eventsOfChange(details, change),
    failure: undefined,
  };
}

/** MetalLB's name for it, too, where that is what the author of the Service goes by. */
export function poolAnnotations(
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

function ownersTold(owners: readonly (AddressOwner | undefined)[]): readonly Told[] {
  const known = owners.filter((owner) => owner !== undefined);
  return Array.from(new Map(known.map((owner) => [owner.node, owner])).values(), nodeAssigned);
}
