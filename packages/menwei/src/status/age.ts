/** How long ago something was, in the short form of kubectl: `45s`, `3m20s`, `5h10m`, `3d`. */
import { formatDuration } from '../cluster/kinds/age.ts';

/** @param durationMs a negative one, from a clock that was set, counts as 0. */
export function formatAge(durationMs: number): string {
  return formatDuration(Math.max(0, durationMs));
}
