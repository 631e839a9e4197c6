/** Two nodes say that an address is theirs: which of them stops (load-balancer § 5.6). Both come to the same answer by themselves. */
import { ownerRank } from './election/rank.ts';

export interface ClaimedByTwo {
  readonly address: string;
  /** What ranks this node and the other: names, or MAC addresses where names are not known. */
  readonly self: string;
  readonly peer: string;
  /** Since when this node owns the address; milliseconds since the epoch. */
  readonly selfSinceMs: number;
  /** The API server has taken in that it does, so that the peer may know. */
  readonly isPublished: boolean;
  /** By the peer's Lease; undefined: that does not say that it owns the address. */
  readonly peerSinceMs: number | undefined;
  /** By what all nodes know, Leases included, this node is to have the address: so the peer may not have it any more. */
  readonly isChosen: boolean;
  /** The peer has heard that this node has the address, and says again that it is its own. */
  readonly isRepeated: boolean;
}

/**
 * A former owner that may not have the address any more may say so once more before it hears of the new one, which goes on. Otherwise
 * who has had it for longer goes on, if both are known to know. Who can't have heard of the other's ownership believes in their
 * own, unless nobody was told of that either: then the rank decides, and so it does when that has not settled it.
 */
export function keepsAddress(claim: ClaimedByTwo): boolean {
  const { selfSinceMs, peerSinceMs, isChosen, isPublished, isRepeated } = claim;
  if (isRepeated) return isBetterRank(claim);
  if (peerSinceMs === undefined) return isPublished || isBetterRank(claim);
  if (isChosen) return true;
  if (!isPublished) return false;
  return selfSinceMs === peerSinceMs ? isBetterRank(claim) : selfSinceMs < peerSinceMs;
}

function isBetterRank({ address, self, peer }: ClaimedByTwo): boolean {
  return ownerRank(address, self) > ownerRank(address, peer);
}
