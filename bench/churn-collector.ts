/** Loaded into a proxy under test: whenever it is asked, it collects all garbage, and answers what memory is left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { returnFreeMemory } from '@menwei/netlink/native';

/** Pages that are free go back to the system on another thread. */
const RETURN_MS = 1_000;

if (isMainThread && process.send !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  process.on('message', async () => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    await sleep(RETURN_MS);
    returnFreeMemory();
    const { rss, heapTotal } = process.memoryUsage();
    process.send?.({ objects: heapUsed + external, outside: rss - heapTotal });
  });
  // The proxy ends when it wants to.
  process.channel?.unref();
}
