/** What every controller is made of: a reader of the store that says which keys need work, and a queue that does it. */
import type { Component } from '../../agent/component.ts';
import type { Logger } from '../../log/logger.ts';
import { EventLoopTurn } from '../../scheduling/event-loop.ts';
import { untilAborted } from '../../scheduling/pause.ts';
import { sideBySide } from '../../scheduling/side-by-side.ts';
import { WorkQueue, type WorkQueueOptions } from '../../scheduling/work-queue.ts';
import type { Registry } from '../registry/registry.ts';
import type { Store, StoreChange } from '../store/store.ts';
import type { EventRecorder } from './event-recorder.ts';

/** By name, those of all controllers: what they have done, and have still to do. */
export type ControllerQueues = Map<string, WorkQueue>;

/** What all controllers work with. */
export interface ControllerContext {
  readonly store: Store;
  readonly registry: Registry;
  readonly events: EventRecorder;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly queues: ControllerQueues;
}

interface QueueWork {
  readonly queue: WorkQueue;
  /** Fails by rejecting, and is called again later. Never before all that there is was digested. */
  work(key: string): Promise<void>;
}

/** One or more controllers that share what they read; made anew with each run of their component. */
interface Controller {
  /** Resources whose objects it is told of. */
  readonly resources: readonly string[];
  /**
   * Is told of all that there is, one by one, and then of every change.
   *
   * @param wasThere it was there from the start
   */
  readonly digest: (change: StoreChange, wasThere: boolean) => void;
  readonly queues: readonly QueueWork[];
  /** What else it does at the same time, until the signal fires. */
  readonly meanwhile?: (signal: AbortSignal) => Promise<void>;
}

export type QueueTiming = Omit<WorkQueueOptions, 'onFailure'>;

/** What can be done again at once, and soon after trouble has passed. */
export const DEFAULT_TIMING: QueueTiming = { retry: { firstMs: 5, maxMs: 60_000 } };

/** Ready once all that the store holds was digested; only then the queues are worked on. */
export function controllerComponent(
  name: string,
  { store, logger }: Pick<ControllerContext, 'store' | 'logger'>,
  begin: () => Controller,
): Component {
  return {
    name,
    onFailure: 'restart',
    run: async (signal, ready) => {
      const controller = begin();
      const { queues, meanwhile = untilAborted } = controller;
      const digested = Promise.withResolvers<void>();
      const onDigested = () => {
        digested.resolve();
        ready();
      };
      const onUnreadable = ({ before, after }: StoreChange, err: unknown) => {
        const { resource, namespace, name: object } = after ?? before ?? {};
        const fields = { controller: name, resource, namespace, name: object, err };
        logger.error(fields, 'controller can not read an object, and goes on without it');
      };
      const follow = (over: AbortSignal) =>
        followStore(store, { ...controller, onUnreadable }, over, onDigested);
      const works = queues.map(({ queue, work }) => async (over: AbortSignal) => {
        await Promise.race([digested.promise, untilAborted(over)]);
        await queue.run(work, over);
      });
      await sideBySide([follow, meanwhile, ...works], signal);
    },
  };
}

/** A queue that logs its failures. */
export function loggingQueue(
  name: string,
  { logger, queues }: Pick<ControllerContext, 'logger' | 'queues'>,
  timing: QueueTiming,
): WorkQueue {
  const queue = new WorkQueue({
    ...timing,
    onFailure: (key, err, retryMs) => {
      logger.warn({ controller: name, key, err, retryMs }, 'controller failed on an object; trying again');
    },
  });
  queues.set(name, queue);
  return queue;
}

interface Followed extends Pick<Controller, 'resources' | 'digest'> {
  readonly onUnreadable: (change: StoreChange, error: unknown) => void;
}

/** Gives all there is, then every change, until the signal fires. The event loop has its turns. */
async function followStore(
  store: Store,
  { resources, digest, onUnreadable }: Followed,
  signal: AbortSignal,
  onDigested: () => void,
): Promise<void> {
  const reader = store.reader(resources);
  const turn = new EventLoopTurn();
  const digestAll = async (wereThere: boolean) => {
    for (const change of reader.take()) {
      if (signal.aborted) return;
      try {
        digest(change, wereThere);
      } catch (error) {
        // One object must not hold up all others.
        onUnreadable(change, error);
      }
      await turn.rest();
    }
  };
  try {
    await digestAll(true);
    if (!signal.aborted) onDigested();
    while (!signal.aborted) {
      await reader.changed(signal);
      await digestAll(false);
    }
  } finally {
    reader.close();
  }
}
