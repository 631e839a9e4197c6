/** What a start may take away of a table that is right. */
import type { Operation } from '@menwei/netlink/nftables';
import { SETS } from 'menwei/backends/nftables/names.ts';

const PICK_MAPS = [SETS.ip.picks, SETS.nodeport.picks];

/** The operations that a start finds to do for no other reason than that nothing leads to a chain any more. */
export function isTidying(operation: Operation): boolean {
  const { do: what } = operation;
  if (what === 'delete elements') return PICK_MAPS.includes(operation.set.name);
  return what === 'flush chain' || what === 'delete chain';
}
