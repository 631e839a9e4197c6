/** Who sits where: endpoints take numbered slots, so that a random number finds one. */

/**
 * Gives everybody a slot from 0 to n - 1. Who has one keeps it; whoever sits beyond the end, and newcomers in the order
 * given, fill the gaps. So one endpoint less means that the last one moves into its slot, and nobody else.
 */
export function assignSlots(
  wanted: readonly string[],
  previous: readonly (string | undefined)[],
): readonly string[] {
  // Most service ports are compiled for the first time, or sit as they did.
  if (previous.length === 0 || wanted.every((name, slot) => name === previous[slot])) return wanted;
  const homeless = new Set(wanted);
  const slots: (string | undefined)[] = previous.slice(0, wanted.length);
  for (const [slot, occupant] of slots.entries()) {
    // delete() tells whether the occupant is wanted, and is false for one who sits twice.
    if (occupant === undefined || !homeless.delete(occupant)) slots[slot] = undefined;
  }
  const arrivals = homeless.values();
  return Array.from(wanted, (_, slot) => slots[slot] ?? nextOf(arrivals));
}

function nextOf(arrivals: Iterator<string>): string {
  const { value, done } = arrivals.next();
  if (done === true) throw new Error('BUG: more slots than endpoints');
  return value;
}
