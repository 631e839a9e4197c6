/** What `/status` of the controller says: who leads, every Service with its reason, pools, announcers. */
import type { NodeAnnouncement } from '../../announce/node-lease.ts';
import type { LoadBalancerController } from '../controller.ts';
import { describePool, type PoolRow } from '../explain/pool-row.ts';
import type { AddressAllocator } from '../pools/address-allocator.ts';
import type { ServiceRow } from '../service-row.ts';

export interface Leadership {
  /** Of this process, among those that may lead. */
  readonly identity: string;
  readonly isLeading: boolean;
  /** Who leads; empty: nobody, or nobody is elected. */
  readonly leader: string;
}

export interface LbStatus extends Leadership {
  /** Empty while it does not lead. */
  readonly services: readonly ServiceRow[];
  readonly pools: readonly PoolRow[];
  /** Nodes that announce addresses, as their Leases say. */
  readonly announcers: readonly { readonly node: string; readonly owned: NodeAnnouncement['owns'] }[];
}

/** A controller that works, and what it allocates with. */
export interface Term {
  readonly controller: LoadBalancerController;
  readonly allocator: AddressAllocator;
}

export function lbStatus(leadership: Leadership, term: Term | undefined): LbStatus {
  if (term === undefined) return { ...leadership, services: [], pools: [], announcers: [] };
  const { controller, allocator } = term;
  return {
    ...leadership,
    services: [...controller.rows.values()],
    pools: allocator.pools.map(describePool),
    announcers: [...controller.announcements.counts()],
  };
}
