/** Which addresses would have other owners if nobody had them, so that a rank of their own decided (load-balancer § 5.2). */
import type { AnnouncingNode } from '../announce/election/announcing-node.ts';
import type { Election } from '../announce/election/election.ts';

/** Addresses that go together from one node to another, since Services have several of them. */
export interface Move {
  readonly addresses: readonly string[];
  /** `namespace/name` */
  readonly services: readonly string[];
  readonly from: string;
  readonly to: string;
}

/**
 * @param ideal the same Services and nodes, where no node claims any address
 * @param isMeant whether an address is to be looked at
 */
export function planMoves(
  current: Election,
  ideal: Election,
  isMeant: (address: string) => boolean,
): readonly Move[] {
  const moves: Move[] = [];
  const seen = new Set<string>();
  for (const [address, { owner }] of current.decisions) {
    const to = ideal.decisions.get(address)?.owner?.name;
    const isPlaced = owner?.sinceMs === undefined || to === undefined || to === owner.name;
    if (seen.has(address) || isPlaced || !isMeant(address)) continue;
    const group = current.groupOf(address);
    const addresses = group.addresses.filter((other) => {
      const present = current.decisions.get(other)?.owner;
      return present?.name === owner.name && ideal.decisions.get(other)?.owner?.name === to;
    });
    for (const one of addresses) seen.add(one);
    moves.push({ addresses, services: group.services.map(({ service }) => service), from: owner.name, to });
  }
  return moves;
}

/** As if it had no address. */
export function withoutClaims(node: AnnouncingNode): AnnouncingNode {
  return { ...node, claims: new Map() };
}
