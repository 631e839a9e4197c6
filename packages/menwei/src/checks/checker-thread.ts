/** The program's end of the thread that checks. */
import { Worker } from 'node:worker_threads';
import type { ThreadData, ThreadMessage, ThreadRequest } from './thread-messages.ts';

/** What checks, seen from outside: a thread, or a stand-in of a test. */
export interface CheckerThread {
  send(request: ThreadRequest): void;
  end(): Promise<void>;
}

export interface ThreadEvents {
  readonly told: (message: ThreadMessage) => void;
  /** It will check nothing any more, though nobody has ended it. */
  readonly failed: (error: Error) => void;
}

export type StartThread = (data: ThreadData, events: ThreadEvents) => CheckerThread;

/** A check lives for milliseconds: with a larger young generation garbage of many seconds would lie about. */
const YOUNG_MB = 4;

export function startThread(data: ThreadData, events: ThreadEvents): CheckerThread {
  const worker = new Worker(new URL('./check-thread.ts', import.meta.url), {
    name: 'health checks',
    workerData: data,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  let hasEnded = false;
  const fail = (error: unknown) => {
    if (hasEnded) return;
    hasEnded = true;
    events.failed(error instanceof Error ? error : new Error(String(error)));
  };
  worker.on('message', (message: ThreadMessage) => {
    if (hasEnded) return;
    try {
      events.told(message);
    } catch (error) {
      fail(error);
    }
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the thread of health checks ended')));
  return {
    send: (request) => worker.postMessage(request),
    end: async () => {
      hasEnded = true;
      await worker.terminate();
    },
  };
}
