/** Asks the segments whether somebody has an address. */
import type { Claim, ProbeTiming, Speaker } from './speaker.ts';

/**
 * The first other machine that says so, on any of the interfaces; undefined: on none does anybody. Rejects when it can't be
 * asked on one of them, and with the reason of the signal.
 */
export async function findHolder(
  speaker: Speaker,
  address: string,
  interfaces: readonly string[],
  timing: ProbeTiming,
  signal: AbortSignal,
): Promise<Claim | undefined> {
  const found = new AbortController();
  const either = AbortSignal.any([signal, found.signal]);
  const ownMacs = new Set(speaker.interfaces.map(({ mac }) => mac));
  let holder: Claim | undefined;
  const ask = async (name: string): Promise<void> => {
    const mac = await speaker.probe(address, name, timing, either);
    if (mac === undefined || ownMacs.has(mac)) return;
    holder ??= { address, interface: name, mac };
    found.abort();
  };
  const asked = await Promise.allSettled(interfaces.map(ask));
  if (holder !== undefined) return holder;
  signal.throwIfAborted();
  for (const outcome of asked) if (outcome.status === 'rejected') throw outcome.reason;
  return undefined;
}
