/**
 * Loaded into a `menwei cluster` that is measured: tells how long its main thread computed at a stretch since it was last asked,
 * which no other program on the machine adds to, and collects its garbage first if it is to.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { watchStretches } from './stretches.ts';

export interface Probed {
  /** Milliseconds; 0 if nobody watched. */
  readonly longestStretch: number;
}

export type ProbeQuestion = 'watch' | 'tell' | 'collect';

if (isMainThread && process.send !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const nobodyWatched = () => 0;
  let endWatch = nobodyWatched;
  process.on('message', (question: ProbeQuestion) => {
    if (question === 'collect') collect();
    process.send?.({ longestStretch: endWatch() } satisfies Probed);
    endWatch = question === 'watch' ? watchStretches() : nobodyWatched;
  });
  // The cluster ends when it wants to.
  process.channel?.unref();
}
