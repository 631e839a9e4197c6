/** Waits until the time is over, the signal fires, or what `onWake` was given is called. */
export async function pause(
  durationMs: number,
  signal: AbortSignal,
  onWake: (wake: () => void) => void = () => undefined,
): Promise<void> {
  if (durationMs <= 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    // Timers count no further than this; an unlimited wait needs none.
    const timer = durationMs < 2 ** 31 ? setTimeout(done, durationMs) : undefined;
    signal.addEventListener('abort', done, { once: true });
    onWake(done);
  });
}

/** Pauses, one at a time, that somebody else can end. */
export class InterruptiblePause {
  #end: () => void = () => undefined;

  /** Waits until the time is over, the signal fires, or {@link end} is called. */
  async wait(durationMs: number, signal: AbortSignal): Promise<void> {
    await pause(durationMs, signal, (end) => {
      this.#end = end;
    });
  }

  /** Ends the pause that is on. Later ones are not concerned. */
  end(): void {
    this.#end();
  }
}

/** Waits until the signal fires. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return pause(Number.POSITIVE_INFINITY, signal);
}
