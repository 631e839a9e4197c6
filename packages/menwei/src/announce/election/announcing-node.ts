/** A node as the election sees it: what its Node object, its Lease and its liveness say (load-balancer § 5.3). */
import {
  EXCLUDE_LABEL,
  isExcludedByLabel,
  isToBeDeleted,
  TO_BE_DELETED_TAINT,
} from '../../kubernetes/node-exclusion.ts';
import type { Node } from '../../kubernetes/objects.ts';
import type { NodeAnnouncement } from '../node-lease.ts';

/** Each condition that a node must meet to be the owner of an address, under the name that people are told. */
export type NodeTest =
  | 'LiveLease'
  | 'NotHandingOver'
  | 'NodeExists'
  | 'NotDeleting'
  | 'NotToBeDeleted'
  | 'NotExcluded'
  | 'NetworkAvailable'
  | 'NodeReady'
  | 'Advertised'
  | 'Interface'
  | 'Programmed'
  | 'LocalEndpoint'
  | 'AnyEndpoint';

interface FailedTest {
  readonly test: NodeTest;
  /** A sentence without its subject, the node: `is excluded by the label …`. */
  readonly message: string;
}

/** Label of Nodes: among nodes that may have an address, those with the highest number come first; 0 without it. */
const WEIGHT_LABEL = 'menwei.dev/announce-weight';

export interface AnnouncingNode {
  readonly name: string;
  readonly weight: number;
  readonly labels: ReadonlyMap<string, string>;
  /** Why it may have no address at all; undefined: nothing speaks against it. */
  readonly failed: FailedTest | undefined;
  /** A node that is not may keep an address, and gets no new one: trouble of a kubelet is not trouble of its network. */
  readonly isReady: boolean;
  /** Those that can be used. */
  readonly interfaces: NodeAnnouncement['interfaces'];
  /** Addresses that it owns, by its own account, and since when. */
  readonly claims: ReadonlyMap<string, number>;
  /** Addresses that it can't serve now, or `*`. */
  readonly declines: ReadonlySet<string>;
}

export interface NodeFacts {
  readonly name: string;
  /** Undefined: there is none. */
  readonly node: Node | undefined;
  /** What its Lease says; undefined: it has none. */
  readonly announcement: NodeAnnouncement | undefined;
  /** Its Lease is renewed, or it is known to be alive by other means. */
  readonly isAlive: boolean;
}

export interface NodeTestOptions {
  readonly ignoresExcludeLabel: boolean;
  /** Without an API server there may be no Node objects. */
  readonly needsNodeObject: boolean;
}

export function readAnnouncingNode(facts: NodeFacts, options: NodeTestOptions): AnnouncingNode {
  const { name, node, announcement } = facts;
  return {
    name,
    weight: weightOf(node),
    labels: node?.labels ?? new Map(),
    failed: failedTest(facts, options),
    isReady: node?.isReady ?? !options.needsNodeObject,
    interfaces: announcement?.interfaces ?? [],
    claims: new Map(announcement?.owns.map(({ address, sinceMs }) => [address, sinceMs])),
    declines: new Set(announcement?.declines),
  };
}

function failedTest(
  { node, announcement, isAlive }: NodeFacts,
  options: NodeTestOptions,
): FailedTest | undefined {
  if (announcement === undefined) return failed('LiveLease', 'has no Lease: no announcer runs there');
  if (!isAlive)
    return failed('LiveLease', 'does not renew its Lease: its announcer has stopped, or can’t be reached');
  if (announcement.isHandingOver) return failed('NotHandingOver', 'is handing over: its announcer stops');
  if (node === undefined)
    return options.needsNodeObject ? failed('NodeExists', 'has no Node object') : undefined;
  if (node.deleting) return failed('NotDeleting', 'is being deleted');
  if (isToBeDeleted(node)) return failed('NotToBeDeleted', `has the taint ${TO_BE_DELETED_TAINT}`);
  if (isExcludedByLabel(node) && !options.ignoresExcludeLabel) {
    return failed('NotExcluded', `is excluded by the label ${EXCLUDE_LABEL}`);
  }
  if (node.isNetworkUnavailable) return failed('NetworkAvailable', 'has the condition NetworkUnavailable');
  return undefined;
}

function failed(test: NodeTest, message: string): FailedTest {
  return { test, message };
}

/** Whatever is no whole number is 0. */
function weightOf(node: Node | undefined): number {
  const text = node?.labels.get(WEIGHT_LABEL) ?? '';
  return /^-?\d{1,6}$/.test(text) ? Number(text) : 0;
}
