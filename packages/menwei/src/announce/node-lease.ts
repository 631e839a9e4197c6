/**
 * What each announcing node says of itself in its own Lease, `menwei-announce-<node>` (load-balancer § 5.2): written by that
 * node alone, read by its peers and by the controller.
 */

/** Name of a node's Lease, in the namespace of all of them. */
export const NODE_LEASE_PREFIX = 'menwei-announce-';

export const LEASE_ANNOTATIONS = {
  /** Interfaces with MAC addresses and on-link prefixes. */
  interfaces: 'menwei.dev/interfaces',
  /** Addresses it owns, with the time since when. */
  owns: 'menwei.dev/owns',
  /** Addresses that it can't serve now, though nothing else speaks against it: its proxy has not programmed their Services. */
  declines: 'menwei.dev/declines',
  /** Addresses that a machine which is no peer has, with its MAC address. */
  conflicts: 'menwei.dev/conflicts',
  /** It is about to stop: peers take over at once. */
  handover: 'menwei.dev/handover',
  /** It is about to be back: peers wait until then. */
  restartingUntil: 'menwei.dev/restarting-until',
  /** Addresses that an operator wants to go to the node that comes first for them (`menwei lb rebalance`). */
  giveUp: 'menwei.dev/give-up',
  /** When the process began. */
  started: 'menwei.dev/started',
} as const;

/** Among `declines`: whatever address it is. */
export const ALL_ADDRESSES = '*';

export interface OwnedAddress {
  readonly address: string;
  /** Milliseconds since the epoch, on the owner's clock. The longer ownership is the better claim. */
  readonly sinceMs: number;
  /** Those on which it answers; empty: it is about to, after a restart. */
  readonly interfaces: readonly string[];
}

export interface AddressConflict {
  readonly address: string;
  readonly mac: string;
  readonly interface: string;
}

export interface NodeAnnouncement {
  readonly node: string;
  readonly interfaces: readonly {
    readonly name: string;
    readonly mac: string;
    readonly onLink: readonly string[];
  }[];
  readonly owns: readonly OwnedAddress[];
  /** Canonical addresses, or {@link ALL_ADDRESSES}. */
  readonly declines: readonly string[];
  readonly conflicts: readonly AddressConflict[];
  readonly isHandingOver: boolean;
  /** Milliseconds since the epoch; 0: it is not restarting. */
  readonly restartingUntilMs: number;
  readonly startedAtMs: number;
}
