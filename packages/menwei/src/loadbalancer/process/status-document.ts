/** What `/status` of the controller says: who leads, every Service with its reason, pools, announcers. */
import type { NodeAnnouncement } from '../../announce/node-lease.ts';
import type { LoadBalancerController } from '../controller.ts';
import type { AddressAllocator } from '../pools/address-allocator.ts';
import type { ServiceRow } from '../service-sync.ts';

export interface LbStatus {
  /** Of this process, among those that may lead. */
  readonly identity: string;
  readonly isLeading: boolean;
  /** Who leads; empty: nobody, or nobody is elected. */
  readonly leader: string;
  /** Empty while it does not lead. */
  readonly services: readonly ServiceRow[];
  readonly pools: readonly PoolRow[];
  /** Nodes that announce addresses, as their Leases say. */
  readonly announcers: readonly { readonly node: string; readonly owned: NodeAnnouncement['owns'] }[];
}

interface PoolRow {
  readonly name: string;
  readonly kind: string;
  /** Why it gives nothing new to anybody; undefined: it does. */
  readonly problem: string | undefined;
  readonly families: readonly {
    readonly family: string;
    /** A number of JSON can't tell how large some are. */
    readonly size: string;
    readonly inUse: number;
    readonly quarantined: number;
  }[];
}

/** A controller that works, and what it allocates with. */
export interface Term {
  readonly controller: LoadBalancerController;
  readonly allocator: AddressAllocator;
}

export function lbStatus(
  leadership: Pick<LbStatus, 'identity' | 'isLeading' | 'leader'>,
  term: Term | undefined,
): LbStatus {
  if (term === undefined) return { ...leadership, services: [], pools: [], announcers: [] };
  const { controller } = term;
  return {
    ...leadership,
    services: [...controller.rows.values()],
    pools: [],
    announcers: [...controller.announcements.counts()],
  };
}
