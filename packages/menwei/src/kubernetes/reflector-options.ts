/** What a reflector works on and with. */

import type { RetryTiming } from '../scheduling/retry.ts';
import type { ApiClient } from './api-client.ts';
import { type ApiError, isWithheld } from './api-error.ts';
import type { ComplaintSink } from './complaints.ts';
import type { Decoded } from './decode.ts';
import type { ObjectRef, WatchedObject } from './objects.ts';

/** What to list and watch, and how to read it. */
export interface WatchedResource<T extends WatchedObject> {
  readonly kind: T['kind'];
  /** `/api/v1/services` */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /**
   * One can do without: as long as the server does not have it or may not give it (`withheld`), or does not have it
   * (`not-installed`: without the right to see it, nobody knows what one does without), it is asked for ever more seldom.
   */
  readonly optional?: 'withheld' | 'not-installed';
  readonly decode: (value: unknown) => Decoded<T>;
}

/** Whether a failure says that the server does not have what one can do without. */
export function isExpected(
  { optional }: Pick<WatchedResource<WatchedObject>, 'optional'>,
  error: ApiError,
): boolean {
  if (optional === undefined) return false;
  return optional === 'withheld' ? isWithheld(error) : error.failure === 'not-found';
}

/** Takes what a reflector finds. */
export interface ReflectorSink extends ComplaintSink {
  upsert(object: WatchedObject): void;
  remove(ref: ObjectRef): void;
}

export interface ReflectorObserver {
  /** The server has answered as it should: called for each list and each watch that begins. */
  working(): void;
  /** The whole set has been delivered: called for each complete list. */
  listed(): void;
  /** A list or watch failed; it is tried again after a while. */
  failed(error: ApiError): void;
}

export interface ReflectorTiming {
  readonly retry: RetryTiming;
  /** For what is optional and withheld. Starts soon, as permissions often come a moment after who needs them. */
  readonly withheldRetry: RetryTiming;
  /** Objects a page. A server may ignore it and answer with everything. */
  readonly pageSize: number;
  /** The server is asked to end a watch after a time between this and twice this. */
  readonly watchMs: number;
  /** A watch without a byte for so long is dead; API servers send a bookmark every minute. */
  readonly watchSilenceMs: number;
  /** A list without a byte for so long is dead. */
  readonly listSilenceMs: number;
  /** A watch that ends sooner is waited for like a failure: it must not be repeated in a tight loop. */
  readonly shortestWatchMs: number;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/** This and the longest wait are those of client-go's reflector. */
const FIRST_RETRY_MS = 800;

export const REFLECTOR_TIMING: ReflectorTiming = {
  retry: { firstMs: FIRST_RETRY_MS, maxMs: 30_000 },
  withheldRetry: { firstMs: FIRST_RETRY_MS, maxMs: 600_000 },
  pageSize: 500,
  watchMs: 300_000,
  watchSilenceMs: 180_000,
  listSilenceMs: 60_000,
  shortestWatchMs: 1_000,
  random: Math.random,
};

export interface ReflectorOptions<T extends WatchedObject> {
  readonly client: ApiClient;
  readonly resource: WatchedResource<T>;
  readonly sink: ReflectorSink;
  /** What a former reflector of the resource has delivered, as `namespace/name`: it is delivered again, or removed. */
  readonly known?: Iterable<string>;
  readonly observer: ReflectorObserver;
  readonly timing?: Partial<ReflectorTiming>;
}
