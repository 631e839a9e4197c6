/** What is told about a Service when something was done for it, and only then (LQ-5): pure. */
import type { ClusterEvent } from '../events/event.ts';
import type { LoadBalancerDetails } from '../kubernetes/load-balancer-objects.ts';
import type { Service } from '../kubernetes/objects.ts';
import type { AddressOwner } from './announcement-view.ts';
import { READY_CONDITION, type Readiness, type StatusChange } from './wanted-status.ts';

export type Told = Pick<ClusterEvent, 'type' | 'reason' | 'action' | 'note' | 'isTellingByNote'>;

/** The annotation that upstream reads where the field is empty, and kube-proxies never do. */
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';

export function serviceEvent({ namespace, name, uid }: Service, told: Told): ClusterEvent {
  return { subject: { kind: 'Service', namespace, name, uid }, ...told };
}

/** What the change, once it was written, has meant to a Service whose addresses are from pools or of nodes. */
export function eventsOfChange(
  details: LoadBalancerDetails,
  { ingress, conditions }: StatusChange,
): readonly Told[] {
  const told: Told[] = [];
  const before = addressesOf(details.ingress);
  if (ingress !== undefined) {
    const after = addressesOf(ingress);
    const taken = before.filter((address) => !after.includes(address));
    if (taken.length > 0) {
      told.push(normal('ClearAssignment', 'ClearAssignment', `${quoted(taken)} no longer assigned`));
    }
    if (after.some((address) => !before.includes(address))) {
      told.push(normal('IPAllocated', 'AssignAddress', `Assigned IP ${quoted(after)}`));
    }
  }
  const ready = conditions?.get(READY_CONDITION);
  const hasAddresses = addressesOf(ingress ?? details.ingress).length > 0;
  if (ready?.status === 'False') {
    if (!hasAddresses)
      told.push(warning('AllocationFailed', 'AssignAddress', `${ready.reason}: ${ready.message}`));
    else if (ready.reason === 'NoEligibleNode') {
      told.push(warning('AnnouncementFailed', 'AnnounceAddress', `${ready.reason}: ${ready.message}`));
    } else if (ready.reason === 'AddressOutsidePools') {
      told.push(warning('AddressOutsidePools', 'AssignAddress', ready.message));
    }
  }
  return told;
}

/** MetalLB's words. */
export function nodeAssigned({ node, interfaces }: AddressOwner): Told {
  const where = interfaces.length === 0 ? '' : ` (${interfaces.join(', ')})`;
  return normal('nodeAssigned', 'AnnounceAddress', `announcing from node "${node}"${where}`);
}

/** Why it stays without what it asks for, though nothing was done. @param nodes of each address, what nodes lack; empty: not known */
export function stillPending(
  { reason, message }: Readiness,
  hasAddresses: boolean,
  nodes: readonly string[],
): Told {
  if (reason === 'ProviderError') return syncFailed(message);
  const known = nodes.filter((text) => text !== '');
  const note = `${reason}: ${known.length === 0 ? message : known.join('; ')}`;
  return hasAddresses
    ? warning('AnnouncementFailed', 'AnnounceAddress', note)
    : warning('AllocationFailed', 'AssignAddress', note);
}

export const CONTESTED = warning(
  'LoadBalancerContested',
  'WriteStatus',
  'another controller writes the status of this Service; it is left to that one until the Service changes. Give one of them a loadBalancerClass of its own',
);

/** Undefined: it does not use the annotation. */
export function ignoredAnnotation({ annotations }: LoadBalancerDetails): Told | undefined {
  if (!annotations.has(SOURCE_RANGES)) return undefined;
  const note = `annotation ${SOURCE_RANGES} is not honoured, as proxies don't know it; use spec.loadBalancerSourceRanges`;
  return warning('AnnotationIgnored', 'ReadService', note);
}

/** In upstream's words, for load balancers outside of the cluster. */
export const PROVIDER_EVENTS = {
  ensuring: normal('EnsuringLoadBalancer', 'EnsureLoadBalancer', 'Ensuring load balancer'),
  ensured: normal('EnsuredLoadBalancer', 'EnsureLoadBalancer', 'Ensured load balancer'),
  updated: normal('UpdatedLoadBalancer', 'UpdateLoadBalancer', 'Updated load balancer with new hosts'),
  deleting: normal('DeletingLoadBalancer', 'DeleteLoadBalancer', 'Deleting load balancer'),
  deleted: normal('DeletedLoadBalancer', 'DeleteLoadBalancer', 'Deleted load balancer'),
} as const;

export function syncFailed(message: string): Told {
  return warning('SyncLoadBalancerFailed', 'EnsureLoadBalancer', `Error syncing load balancer: ${message}`);
}

/** Upstream's reason, with what it leaves out. */
export function noNodes(message: string): Told {
  return warning(
    'UnAvailableLoadBalancer',
    'EnsureLoadBalancer',
    `There are no available nodes for LoadBalancer: ${message}`,
  );
}

function addressesOf(ingress: LoadBalancerDetails['ingress']): readonly string[] {
  return ingress.map(({ ip }) => ip).filter((ip) => ip !== '');
}

function quoted(addresses: readonly string[]): string {
  return `[${addresses.map((address) => `"${address}"`).join(' ')}]`;
}

function normal(reason: string, action: string, note: string): Told {
  return { type: 'Normal', reason, action, note, isTellingByNote: true };
}

function warning(reason: string, action: string, note: string): Told {
  return { type: 'Warning', reason, action, note, isTellingByNote: true };
}
