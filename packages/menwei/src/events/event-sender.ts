/** Sends events to the API server: one request at a time, seldom, and again after the server was away. */
import type { ApiClient } from '../kubernetes/api-client.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import type { Logger } from '../log/logger.ts';
import { InterruptiblePause, pause } from '../scheduling/pause.ts';
import { retryDelayMs } from '../scheduling/retry.ts';
import { type ClusterEvent, type EventRecorder, formatSubject } from './event.ts';
import { type EventName, formatEvent, formatSeries, nameEvent } from './event-object.ts';
import { EventQueue, type EventSeries } from './event-queue.ts';

/** A start has better to do. */
const FIRST_AFTER_MS = 2_000;
const SILENCE_MS = 10_000;
const MAX_RETRY_MS = 5 * 60_000;
/** Who lacks a right may be given it. */
const FORBIDDEN_MS = 10 * 60_000;
/** What waits when the program ends has so long to be sent. */
const LAST_MS = 2_000;

/** @param timeMs on the clock of `performance.now()`, by which all is timed here: the time of day may be set meanwhile */
function sinceEpoch(timeMs: number): number {
  return Math.round(Date.now() - (performance.now() - timeMs));
}

/** Where events go. */
export type EventSink = Pick<ApiClient, 'write' | 'close'>;

interface EventSenderOptions {
  /** Of a proxy; events of all that run on different nodes have different names. */
  readonly nodeName: string;
  /** As kube-proxy unless given: what watches for its events finds those of a proxy. */
  readonly controller?: string;
  /** So many new events may wait; 100 unless given. */
  readonly maxWaiting?: number;
  /** Undefined: there is no API server, or it is not to be told. Then events are lines of the log. */
  readonly openSink: (() => Promise<EventSink>) | undefined;
  readonly logger: Logger;
  /** Until the first request; see above unless given. */
  readonly firstAfterMs?: number;
}

/** Records before it runs, and while it is started anew. */
export class EventSender implements EventRecorder {
  readonly #options: EventSenderOptions;
  readonly #queue: EventQueue<EventName>;
  #forbiddenUntilMs = Number.NEGATIVE_INFINITY;
  #isForbiddenTold = false;
  readonly #idle = new InterruptiblePause();

  constructor(options: EventSenderOptions) {
    this.#options = options;
    this.#queue = new EventQueue(options.maxWaiting);
  }

  record(event: ClusterEvent): void {
    const { openSink, logger } = this.#options;
    const { subject, type, reason, note } = event;
    const fields = { object: formatSubject(subject), type, reason };
    if (openSink === undefined) logger.info(fields, `event: ${note}`);
    else logger.verbose(3, fields, `event: ${note}`);
    if (openSink === undefined || performance.now() < this.#forbiddenUntilMs) return;
    this.#queue.record(event, performance.now());
    this.#idle.end();
  }

  /** Sends until the signal fires, and then what waits still, for a short time. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    ready();
    const { openSink, firstAfterMs = FIRST_AFTER_MS } = this.#options;
    await pause(openSink === undefined ? Number.POSITIVE_INFINITY : firstAfterMs, signal);
    // What happens again may not be due, and a timer may be early.
    while (!signal.aborted && this.#queue.due(performance.now()) === undefined) await this.#untilDue(signal);
    if (openSink === undefined || this.#queue.due(performance.now()) === undefined) return;
    const sink = await openSink();
    try {
      await this.#sendAll(sink, signal);
      await this.#sendLast(sink);
    } finally {
      await sink.close();
    }
  }

  async #sendAll(sink: EventSink, signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const series = this.#queue.due(performance.now());
      if (series === undefined) {
        this.#tellDropped();
        await this.#untilDue(signal);
        continue;
      }
      const waitMs = await this.#attempt(sink, series, signal);
      failures = waitMs === undefined ? 0 : failures + 1;
      if (waitMs === undefined) continue;
      await pause(Math.max(waitMs, retryDelayMs(failures, { maxMs: MAX_RETRY_MS }, Math.random)), signal);
    }
  }

  async #sendLast(sink: EventSink): Promise<void> {
    const signal = AbortSignal.timeout(LAST_MS);
    for (;;) {
      const series = this.#queue.due(performance.now());
      if (series === undefined || (await this.#attempt(sink, series, signal)) !== undefined) return;
    }
  }

  /** Or until another one is recorded. */
  #untilDue(signal: AbortSignal): Promise<void> {
    return this.#idle.wait(this.#queue.nextDueMs() - performance.now(), signal);
  }

  /** Returns how long the server is to be left alone before it is tried again; undefined: it need not be. */
  async #attempt(
    sink: EventSink,
    series: EventSeries<EventName>,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    try {
      const name = await this.#send(sink, series, signal);
      this.#queue.told(series, name, performance.now());
      this.#isForbiddenTold = false;
      return undefined;
    } catch (error) {
      if (signal.aborted) return 0;
      if (!(error instanceof ApiError)) throw error;
      return this.#settle(error, series) ? undefined : error.retryAfterMs;
    }
  }

  /** Returns the name under which the server has it. */
  async #send(
    sink: EventSink,
    { event, firstMs, lastMs, count, told }: EventSeries<EventName>,
    signal: AbortSignal,
  ): Promise<EventName | undefined> {
    const { nodeName, controller = 'kube-proxy' } = this.#options;
    const name = told?.name ?? nameEvent(event, sinceEpoch(firstMs), nodeName);
    const path = `/apis/events.k8s.io/v1/namespaces/${name.namespace}/events`;
    const request = { signal, silenceMs: SILENCE_MS };
    if (told !== undefined) {
      const body = formatSeries(count, sinceEpoch(lastMs));
      await sink.write({ ...request, method: 'PATCH', path: `${path}/${name.name}`, body });
    } else {
      const reporter = { controller, instance: nodeName };
      const body = formatEvent(event, name, sinceEpoch(firstMs), reporter);
      await sink.write({ ...request, method: 'POST', path, body });
    }
    return event.isSameOnAllNodes === true ? undefined : name;
  }

  /** Returns whether the server has given an answer that is not to be had another time. */
  #settle(error: ApiError, series: EventSeries<EventName>): boolean {
    const { logger } = this.#options;
    const { message } = error;
    switch (error.failure) {
      case 'conflict':
        // Another node, or we before a restart.
        this.#queue.told(series, undefined, performance.now());
        return true;
      case 'not-found':
        // An event that has expired is told anew; of one that can't be created there is nothing to tell.
        if (series.told === undefined) this.#queue.giveUp(series);
        else this.#queue.untold(series);
        return true;
      case 'forbidden':
        this.#queue.clear();
        this.#forbiddenUntilMs = performance.now() + FORBIDDEN_MS;
        if (!this.#isForbiddenTold) logger.warn({}, `Kubernetes Events are not written: ${message}`);
        this.#isForbiddenTold = true;
        return true;
      case 'refused':
      case 'gone':
      case 'invalid-answer':
        this.#queue.giveUp(series);
        logger.warn({ reason: series.event.reason }, `a Kubernetes Event was not accepted: ${message}`);
        return true;
      default:
        logger.verbose(4, { err: error }, 'Kubernetes Events wait for the API server');
        return false;
    }
  }

  #tellDropped(): void {
    const count = this.#queue.takeDropped();
    if (count > 0)
      this.#options.logger.warn({ count }, 'more Kubernetes Events than may be written; see /status');
  }
}
