/** What is known of Services, pools and nodes: by a controller that works, or read of objects once. */
import { NODE_LEASE_PREFIX } from '../../announce/node-lease.ts';
import { parseNodeLease } from '../../announce/node-lease-text.ts';
import type { ObjectKey } from '../../state/object-key.ts';
import type { ObjectTables } from '../../state/object-tables.ts';
import type { ClaimOptions } from '../claim.ts';
import { ClusterView } from '../cluster-view.ts';
import { AddressAllocator } from '../pools/address-allocator.ts';
import type { ServiceRow } from '../service-row.ts';

interface KnowledgeOptions {
  readonly claims: ClaimOptions;
  readonly ignoresExcludeLabel: boolean;
  /** Of the Leases of nodes. */
  readonly namespace: string;
  /** There are Leases and Nodes; without an API server there are none. */
  readonly seesLeases: boolean;
}

export interface KnownCluster extends KnowledgeOptions {
  readonly tables: ObjectTables;
  readonly allocator: Pick<AddressAllocator, 'request' | 'decision' | 'holders' | 'pools'>;
  /** Where each Service stands with the controller; of one that is not asked there is none. */
  readonly rows: ReadonlyMap<ObjectKey, ServiceRow>;
  readonly isAlive: (node: string) => boolean;
}

/** @param seesLeases there is an API server */
export function knowledgeOptions(
  { ignoresExcludeLabel, namespace }: Pick<KnowledgeOptions, 'ignoresExcludeLabel' | 'namespace'>,
  claims: ClaimOptions,
  seesLeases: boolean,
): KnowledgeOptions {
  return { claims, ignoresExcludeLabel, namespace, seesLeases };
}

/**
 * Computed from objects: what a controller that began now would decide. Whether a node is alive is told by the clock of this
 * machine.
 */
export function readKnownCluster(
  tables: ObjectTables,
  options: KnowledgeOptions & { readonly releaseOnPoolChange: boolean },
  nowMs: number,
): KnownCluster {
  const { claims, ignoresExcludeLabel } = options;
  const view = new ClusterView(tables, { claims, nodes: { ignoresExcludeLabel } }, () => undefined);
  const requests = [...view.take().services].flatMap((key) => view.addressRequest(key) ?? []);
  const allocator = new AddressAllocator(options);
  allocator.setNodes(view.nodesByAddress, nowMs);
  view.close();
  allocator.begin([...tables.addressPools.rows.values()], requests, nowMs);
  const renewed = new Map(
    leasesOf(tables, options.namespace).map(({ node, lease }) => [
      node,
      lease.renewTimeMs + lease.leaseDurationMs,
    ]),
  );
  return {
    ...options,
    ...{ tables, allocator, rows: new Map() },
    isAlive: (node) => (renewed.get(node) ?? 0) > nowMs,
  };
}

/** Of each node that has one, what its Lease says; undefined: it can't be read. */
export function leasesOf(tables: ObjectTables, namespace: string) {
  return [...tables.leases.rows.values()]
    .filter((lease) => lease.namespace === namespace && lease.name.startsWith(NODE_LEASE_PREFIX))
    .map((lease) => ({
      node: lease.name.slice(NODE_LEASE_PREFIX.length),
      lease,
      announcement: parseNodeLease(lease).announcement,
    }));
}
