/** Deletes Events that nobody has written for an hour (cluster § 10.5). */
import type { Component } from '../../../agent/component.ts';
import type { WorkQueue } from '../../../scheduling/work-queue.ts';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import type { StoreChange, StoredObject } from '../../store/store.ts';
import { objectOf } from '../../store/stored-object.ts';
import { type ControllerContext, controllerComponent, DEFAULT_TIMING, loggingQueue } from '../controller.ts';
import { ignoring, isOvertaken } from '../failures.ts';
import { repeat } from '../repeat.ts';
import { TypedRegistry } from '../typed-registry.ts';

const NAME = 'event-expiry';
const TTL_MS = 3_600_000;
/** Events end this much late at most, and many of them together. */
const CHECK_MS = 10_000;

/** Each Event goes an hour after its last write. */
export function eventExpiry(context: ControllerContext): Component {
  return controllerComponent(NAME, context, () => {
    const queue = loggingQueue(NAME, context, DEFAULT_TIMING);
    const expiry = new EventExpiry(context, queue);
    return {
      resources: ['events'],
      digest: (change, wasThere) => expiry.digest(change, wasThere),
      queues: [{ queue, work: (key) => expiry.work(key) }],
      meanwhile: (signal) => repeat(CHECK_MS, signal, () => expiry.look()),
    };
  });
}

class EventExpiry {
  readonly #context: ControllerContext;
  readonly #registry: TypedRegistry;
  readonly #queue: WorkQueue;
  /** When each was written last; those that were written last are the last. */
  readonly #writtenMs = new Map<string, number>();

  constructor(context: ControllerContext, queue: WorkQueue) {
    this.#context = context;
    this.#registry = new TypedRegistry(context.registry);
    this.#queue = queue;
  }

  digest({ before, after }: StoreChange, wasThere: boolean): void {
    const stored = after ?? before;
    if (stored === undefined) return;
    const key = keyOf(stored);
    this.#writtenMs.delete(key);
    if (after === undefined) return;
    const nowMs = this.#context.now();
    // An Event of the future would stay too long.
    const writtenMs = wasThere ? Math.min(lastTimeMs(objectOf('events', after)) ?? nowMs, nowMs) : nowMs;
    this.#writtenMs.set(key, writtenMs);
    if (nowMs - writtenMs >= TTL_MS) this.#queue.add(key);
  }

  /** Adds those that have come to their end. */
  look(): void {
    const nowMs = this.#context.now();
    for (const [key, writtenMs] of this.#writtenMs) if (nowMs - writtenMs >= TTL_MS) this.#queue.add(key);
  }

  async work(key: string): Promise<void> {
    const writtenMs = this.#writtenMs.get(key);
    // Somebody has written it meanwhile.
    if (writtenMs === undefined || this.#context.now() - writtenMs < TTL_MS) return;
    const [namespace = '', name = ''] = key.split('/');
    const stored = this.#context.store.get('events', namespace, name);
    if (stored === undefined) return;
    const preconditions = { resourceVersion: String(stored.revision) };
    await ignoring(isOvertaken, this.#registry.delete('events', namespace, name, { preconditions }));
  }
}

function keyOf({ namespace, name }: StoredObject): string {
  return `${namespace}/${name}`;
}

/** The newest of what the Event tells of itself. */
function lastTimeMs({ metadata, ...event }: StoredKinds['events']): number | undefined {
  const texts = [
    metadata.creationTimestamp,
    event.lastTimestamp,
    event.firstTimestamp,
    event.eventTime,
    event.series?.lastObservedTime,
  ];
  const times = texts.map((text) => Date.parse(text ?? '')).filter((ms) => !Number.isNaN(ms));
  return times.length === 0 ? undefined : Math.max(...times);
}
