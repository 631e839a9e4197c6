/** The thread that checks: whatever else the program does, no endpoint seems slow for it. */
import { parentPort, workerData } from 'node:worker_threads';
import { CheckLoop } from './check-loop.ts';
import { startProbe } from './probes/start-probe.ts';
import type { ThreadData, ThreadMessage, ThreadRequest } from './thread-messages.ts';

const data: ThreadData = workerData;
const loop = new CheckLoop({
  ...data,
  startProbe,
  tell: (message: ThreadMessage) => parentPort?.postMessage(message),
});
parentPort?.on('message', (request: ThreadRequest) => loop.take(request));
