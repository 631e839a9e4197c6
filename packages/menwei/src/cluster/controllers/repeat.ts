/** What controllers look at again and again, though nothing tells them to. */
import { pause } from '../../scheduling/pause.ts';

/** At once, and then after each such time, until the signal fires. */
export async function repeat(
  everyMs: number,
  signal: AbortSignal,
  look: () => void | Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await look();
    await pause(everyMs, signal);
  }
}
