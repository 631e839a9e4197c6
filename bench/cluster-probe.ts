/**
 * Loaded into a `menwei cluster` that is measured: tells how long its main thread computed at a stretch since it was last asked,
 * which no other program on the machine adds to, and collects its garbage first if it is to.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

export interface Probed {
  /** Milliseconds; 0 if nobody watched. */
  readonly longestStretch: number;
}

export type ProbeQuestion = 'watch' | 'tell' | 'collect';

if (isMainThread && process.send !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  let worst = 0;
  let isWatching = false;
  let last = process.threadCpuUsage();
  const look = () => {
    const now = process.threadCpuUsage();
    worst = Math.max(worst, (now.user - last.user + now.system - last.system) / 1000);
    last = now;
    if (isWatching) setImmediate(look);
  };
  process.on('message', (question: ProbeQuestion) => {
    if (question === 'collect') collect();
    isWatching = question === 'watch';
    process.send?.({ longestStretch: worst } satisfies Probed);
    worst = 0;
    last = process.threadCpuUsage();
    if (isWatching) setImmediate(look);
  });
  // The cluster ends when it wants to.
  process.channel?.unref();
}
