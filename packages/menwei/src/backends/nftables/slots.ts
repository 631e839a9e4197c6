/** Who sits where: endpoints take numbered slots, so that a random number finds one. */
import type { Bytes } from '@menwei/netlink/nftables';

/**
 * Gives everybody a slot from 0 to n - 1. Who has one keeps it; whoever sits beyond the end, and newcomers in the order
 * given, fill the gaps. So one endpoint less means that the last one moves into its slot, and nobody else.
 *
 * Both lists hold values of `size` bytes, one after the other; where nobody sits in a slot, its bytes are those of none that
 * is wanted.
 */
export function assignSlots(wanted: Bytes, previous: Bytes, size: number): Bytes {
  // Most service ports are compiled for the first time, or sit as they did.
  if (previous === '' || previous.startsWith(wanted)) return wanted;
  const names = split(wanted, size);
  const homeless = new Set(names);
  // delete() tells whether the occupant is wanted, and is false for one who sits twice.
  const slots = split(previous.slice(0, wanted.length), size).map((occupant) =>
    homeless.delete(occupant) ? occupant : undefined,
  );
  const arrivals = homeless.values();
  return names.map((_, slot) => slots[slot] ?? nextOf(arrivals)).join('');
}

/** The values of a list, each of `size` bytes. */
export function split(list: Bytes, size: number): readonly Bytes[] {
  return Array.from({ length: list.length / size }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

function nextOf(arrivals: Iterator<Bytes>): Bytes {
  const { value, done } = arrivals.next();
  if (done === true) throw new Error('BUG: more slots than endpoints');
  return value;
}
