/** Which nodes may be the owner of an address, and why the others may not (load-balancer §§ 5.3 and 5.4). */

import { matches } from '../../kubernetes/label-selector.ts';
import type { L2Advertisement } from '../../kubernetes/load-balancer-objects.ts';
import type { ObjectKey } from '../../state/object-key.ts';
import { ALL_ADDRESSES } from '../node-lease.ts';
import type { AnnouncingNode, NodeTest } from './announcing-node.ts';
import { interfacesFor } from './interfaces.ts';

/** One Service that has an address. */
export interface AddressUser {
  readonly service: ObjectKey;
  readonly createdAtMs: number;
  readonly policy: 'Cluster' | 'Local';
  /** Nodes with endpoints in the family of the address; under an empty name those of which nobody knows the node. */
  readonly endpointNodes: ReadonlyMap<string, 'ready' | 'serving'>;
  /** Those that select the pool of the address and the Service. */
  readonly advertisements: readonly L2Advertisement[];
}

export interface EligibilityOptions {
  /** An address without any endpoint is announced all the same (`--announce-without-endpoints`). */
  readonly announcesWithoutEndpoints: boolean;
}

export interface Eligible extends Pick<AnnouncingNode, 'name' | 'weight'> {
  /** Names, sorted; never empty. */
  readonly interfaces: readonly string[];
  /** Since when it owns the address, by its own account; undefined: it does not. */
  readonly sinceMs: number | undefined;
}

export interface Eligibility {
  readonly eligible: ReadonlyMap<string, Eligible>;
  /** What each of the other nodes fails, for the oldest Service for which it does. */
  readonly failures: ReadonlyMap<string, Failure>;
  /** Services that share the address with an older one whose nodes are not theirs, and so get no packets. */
  readonly leftOut: readonly ObjectKey[];
  /** These nodes would be refused if there were others. */
  readonly isLastResort: boolean;
}

interface Failure {
  readonly test: NodeTest;
  readonly user: AddressUser;
}

type Verdict = { readonly interfaces: readonly string[] } | NodeTest;

/**
 * Of an address that several Services share: nodes that may have it for all of them; where there is none, those of the oldest
 * Service that has any.
 *
 * @param users oldest first
 */
export function eligibleNodes(
  address: string,
  users: readonly AddressUser[],
  nodes: Iterable<AnnouncingNode>,
  options: EligibilityOptions,
): Eligibility {
  const all = [...nodes];
  const first = findEligible(address, users, all, { ...options, isLastResort: false });
  if (first.eligible.size > 0) return first;
  const last = findEligible(address, users, all, { ...options, isLastResort: true });
  return last.eligible.size > 0 ? last : first;
}

type Strictness = EligibilityOptions & Pick<Eligibility, 'isLastResort'>;

function findEligible(
  address: string,
  users: readonly AddressUser[],
  nodes: readonly AnnouncingNode[],
  strictness: Strictness,
): Eligibility {
  const failures = new Map<string, Failure>();
  const leftOut: ObjectKey[] = [];
  let eligible = new Map<string, Eligible>();
  for (const user of users) {
    const ofUser = new Map<string, Eligible>();
    for (const node of nodes) {
      const verdict = judge(address, user, node, strictness);
      const { name, weight } = node;
      if (typeof verdict !== 'string') {
        ofUser.set(name, { name, weight, interfaces: verdict.interfaces, sinceMs: node.claims.get(address) });
      } else if (!failures.has(name)) failures.set(name, { test: verdict, user });
    }
    if (ofUser.size === 0) continue;
    const common = eligible.size === 0 ? ofUser : intersect(eligible, ofUser);
    if (common.size === 0) leftOut.push(user.service);
    else eligible = common;
  }
  for (const name of eligible.keys()) failures.delete(name);
  return { eligible, failures, leftOut, isLastResort: strictness.isLastResort };
}

function intersect(
  a: ReadonlyMap<string, Eligible>,
  b: ReadonlyMap<string, Eligible>,
): Map<string, Eligible> {
  const both = new Map<string, Eligible>();
  for (const [name, one] of a) {
    const other = b.get(name);
    if (other === undefined) continue;
    const interfaces = [...new Set([...one.interfaces, ...other.interfaces])].sort();
    both.set(name, { ...one, interfaces });
  }
  return both;
}

function judge(address: string, user: AddressUser, node: AnnouncingNode, strictness: Strictness): Verdict {
  const isOwner = node.claims.has(address);
  if (node.failed !== undefined) return node.failed.test;
  if (!node.isReady && !isOwner) return 'NodeReady';
  const advertisements = user.advertisements.filter(({ nodeSelectors }) =>
    selects(nodeSelectors, node.labels),
  );
  if (advertisements.length === 0) return 'Advertised';
  const interfaces = interfacesFor(address, advertisements, node.interfaces);
  if (interfaces.length === 0) return 'Interface';
  const missing = missingEndpoint(user, node.name, isOwner, strictness);
  if (missing !== undefined) return missing;
  const isDeclined = node.declines.has(address) || node.declines.has(ALL_ADDRESSES);
  if (isDeclined && !(isOwner && strictness.isLastResort)) return 'Programmed';
  return { interfaces };
}

/** No selector selects all. */
function selects(selectors: L2Advertisement['nodeSelectors'], labels: ReadonlyMap<string, string>): boolean {
  return selectors.length === 0 || selectors.some((selector) => matches(selector, labels));
}

/**
 * With policy Local, nodes with a ready endpoint, or else those with a serving one, which is about to end; the owner keeps the
 * address until its last endpoint stops serving. So a rolling update of several pods moves the address once.
 */
function missingEndpoint(
  { policy, endpointNodes }: AddressUser,
  node: string,
  isOwner: boolean,
  { announcesWithoutEndpoints, isLastResort }: Strictness,
): NodeTest | undefined {
  if (endpointNodes.size === 0) return announcesWithoutEndpoints ? undefined : 'AnyEndpoint';
  if (policy === 'Cluster') return undefined;
  const state = endpointNodes.get(node);
  return state === 'ready' || (state === 'serving' && (isOwner || isLastResort))
    ? undefined
    : 'LocalEndpoint';
}

/** Why the node may not have the address: a sentence without its subject, as `is not Ready, and so gets no new address`. */
export function describeFailure(address: string, { test, user }: Failure, node: AnnouncingNode): string {
  if (node.failed !== undefined) return node.failed.message;
  switch (test) {
    case 'NodeReady':
      return 'is not Ready, and so gets no new address';
    case 'Advertised':
      return describeUnadvertised(user);
    case 'Interface':
      return describeInterfaces(address, node);
    case 'AnyEndpoint':
      return `would answer for ${user.service}, which has no endpoints`;
    case 'LocalEndpoint':
      return `has no ready endpoint of ${user.service} (externalTrafficPolicy Local)`;
    case 'Programmed':
      return `has a proxy that has not programmed ${user.service}`;
    default:
      throw new Error(`BUG: ${test} fails for a node as a whole`);
  }
}

function describeUnadvertised({ service, advertisements }: AddressUser): string {
  if (advertisements.length === 0)
    return `has no L2Advertisement that selects ${service} and the pool of the address`;
  const names = advertisements.map(({ name }) => name).join(', ');
  return `is not selected by the nodeSelectors of L2Advertisement ${names}`;
}

function describeInterfaces(address: string, { interfaces }: AnnouncingNode): string {
  if (interfaces.length === 0) return 'has no interface that is up';
  const known = interfaces.map(({ name, onLink }) => `${name}: ${onLink.join(' ') || 'no network'}`);
  return `has no interface for ${address} (${known.join(', ')})`;
}
