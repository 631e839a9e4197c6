/** One list of endpoints out of several that may name an endpoint more than once. */
import type { Endpoint } from './service-port.ts';

/**
 * Sorts by `text` and keeps one endpoint of each. The order of the candidates decides only between duplicates that
 * are equally good, in favour of the first: a pod that moves between two slices is in both for a while, and the
 * slice that still calls it usable is believed.
 */
export function mergeEndpoints(candidates: readonly Endpoint[]): readonly Endpoint[] {
  const merged: Endpoint[] = [];
  for (const candidate of candidates.toSorted(byText)) {
    const last = merged.at(-1);
    if (last?.text !== candidate.text) merged.push(candidate);
    else if (isBetter(candidate, last)) merged[merged.length - 1] = candidate;
  }
  return merged;
}

/** Plain comparison of code units, so `10.0.1.10:80` comes before `10.0.1.2:80`: upstream's order. */
function byText(a: Endpoint, b: Endpoint): number {
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
}

function isBetter(a: Endpoint, b: Endpoint): boolean {
  if (a.terminating !== b.terminating) return !a.terminating;
  if (a.ready !== b.ready) return a.ready;
  return a.serving && !b.serving;
}
