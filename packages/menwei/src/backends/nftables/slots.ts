/** Who sits where: endpoints take numbered slots, so that a random number finds one. */
import type { Bytes } from '@menwei/netlink/nftables';
import { placesOf, type Weights } from '../../services/apportionment.ts';

/**
 * Gives everybody a slot from 0 to n - 1. Who has one keeps it; whoever sits beyond the end, and newcomers in the order
 * given, fill the gaps. So one endpoint less means that the last one moves into its slot, and nobody else. Who is wanted
 * more than once has as many slots.
 *
 * Both lists hold values of `size` bytes, one after the other; where nobody sits in a slot, its bytes are those of none that
 * is wanted.
 */
export function assignSlots(wanted: Bytes, previous: Bytes, size: number): Bytes {
  // Most service ports are compiled for the first time, or sit as they did.
  if (previous === '' || previous.startsWith(wanted)) return wanted;
  const names = split(wanted, size);
  const homeless = counted(names);
  const slots = split(previous.slice(0, wanted.length), size).map((occupant) =>
    take(homeless, occupant) ? occupant : undefined,
  );
  const arrivals = repeated(homeless);
  return names.map((_, slot) => slots[slot] ?? nextOf(arrivals)).join('');
}

/** Who sits where, and how many slots each is to have in the end, while that is not so. */
export interface Seats {
  readonly slots: Bytes;
  readonly whole: ReadonlyMap<Bytes, number> | undefined;
}

/** The same, with as many slots for each as come nearest to its weight, and to what it has. */
export function assignWeightedSlots(
  wanted: Bytes,
  weights: Weights | undefined,
  previous: Seats,
  size: number,
): Seats {
  if (weights === undefined || wanted === '') {
    return { slots: assignSlots(wanted, previous.slots, size), whole: undefined };
  }
  const names = split(wanted, size);
  const present = previous.whole ?? counted(split(previous.slots, size));
  const { whole, now } = placesOf(
    weights,
    names.map((name) => present.get(name) ?? 0),
  );
  const seats = names.map((name, index) => name.repeat(now[index] ?? 0)).join('');
  const isSettled = whole.every((count, index) => count === now[index]);
  return {
    slots: assignSlots(seats, previous.slots, size),
    whole: isSettled ? undefined : new Map(names.map((name, index) => [name, whole[index] ?? 0])),
  };
}

function counted(names: readonly Bytes[]): Map<Bytes, number> {
  const counts = new Map<Bytes, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Whether there was one left. */
function take(counts: Map<Bytes, number>, name: Bytes): boolean {
  const count = counts.get(name) ?? 0;
  if (count > 0) counts.set(name, count - 1);
  return count > 0;
}

function* repeated(counts: ReadonlyMap<Bytes, number>): Generator<Bytes, undefined> {
  for (const [name, count] of counts) for (let each = 0; each < count; each++) yield name;
}

/** The values of a list, each of `size` bytes. */
export function split(list: Bytes, size: number): readonly Bytes[] {
  return Array.from({ length: list.length / size }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

function nextOf(arrivals: Iterator<Bytes, undefined>): Bytes {
  const { value, done } = arrivals.next();
  if (done === true) throw new Error('BUG: more slots than endpoints');
  return value;
}
