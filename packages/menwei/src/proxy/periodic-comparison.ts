/** Compares now and then what the kernel holds with what was left in it, for what no watch notices. */
import type { InTurn } from '../backends/backend.ts';
import { firstOf } from '../log/first-lines.ts';
import { pause } from '../scheduling/pause.ts';

/** Of what it takes to repair what was found, so many lines are told. */
const TOLD_LINES = 4;

interface PeriodicComparison {
  /** Infinite: never. */
  readonly everyMs: number;
  /** Between syncs. */
  readonly inTurn: InTurn;
  /** What would put the kernel right, line by line; undefined: it is right. */
  readonly find: (signal: AbortSignal) => Promise<readonly string[] | undefined>;
}

/** Calls `drifted` whenever something was found, until the signal fires. */
export async function compareNowAndThen(
  { everyMs, inTurn, find }: PeriodicComparison,
  drifted: (what?: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await pause(everyMs, signal);
    if (signal.aborted) return;
    await inTurn(async () => {
      try {
        const lines = await find(signal);
        if (lines === undefined) return;
        drifted(`unnoticed until the periodic comparison, to repair: ${firstOf(lines, TOLD_LINES, 'lines')}`);
      } catch {
        // Whatever it was, the sync that comes of this meets it too, and says so.
        if (!signal.aborted) drifted();
      }
    });
  }
}
