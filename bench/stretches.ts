/** What holds the event loop of this thread, in processor time: other programs on the machine do not count. */

/** The longest time that this thread computes before the event loop turns, in milliseconds, until the result is called. */
export function watchStretches(): () => number {
  let worst = 0;
  let isOver = false;
  let last = process.threadCpuUsage();
  const look = () => {
    const now = process.threadCpuUsage();
    worst = Math.max(worst, (now.user - last.user + now.system - last.system) / 1000);
    last = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  return () => {
    isOver = true;
    return worst;
  };
}
