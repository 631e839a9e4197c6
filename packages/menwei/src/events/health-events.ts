/**
 * Tells which endpoints go out of rotation and come back by their checks, and that too many are down to go without them: as
 * Events on the Service, and in the log. A reader of the service ports. What comes within a minute of one Service is told together.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { firstOf } from '../log/first-lines.ts';
import type { Logger } from '../log/logger.ts';
import { InterruptiblePause } from '../scheduling/pause.ts';
import { describePanic } from '../services/endpoint-use.ts';
import type { NodeView } from '../services/node-view.ts';
import { categorizeEndpoints } from '../services/topology.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import { type ObjectKey, objectKey } from '../state/object-key.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { Change, Reader } from '../state/reader.ts';
import type { ServicePort } from '../state/service-port.ts';
import type { ClusterEvent, EventRecorder } from './event.ts';
import { serviceSubject } from './service-events.ts';

const MOST_NAMED = 5;
const TOGETHER_MS = 60_000;

interface HealthEventsOptions {
  readonly objects: ObjectTables;
  /** Of the families that are proxied. */
  readonly families: readonly Pick<FamilyTables, 'family' | 'servicePorts'>[];
  readonly nodeView: (family: IpFamily) => NodeView;
  readonly nodeName: string;
  readonly recorder: EventRecorder;
  readonly logger: Logger;
  readonly togetherMs?: number;
}

/** What is to be told of one Service. */
interface News {
  /** Endpoints, by what has become of them since that was told last. */
  readonly ejected: Set<string>;
  readonly readmitted: Set<string>;
  panic: string | undefined;
  /** No earlier than this. */
  dueMs: number;
}

export class HealthEvents {
  readonly #options: HealthEventsOptions;
  readonly #readers: readonly Reader<ServicePort>[];
  readonly #news = new Map<ObjectKey, News>();
  readonly #idle = new InterruptiblePause();

  constructor(options: HealthEventsOptions) {
    this.#options = options;
    this.#readers = options.families.map(({ servicePorts }) => servicePorts.reader(() => this.#idle.end()));
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        for (const reader of this.#readers) for (const change of reader.take()) this.#note(change);
        const nextMs = this.#tell(performance.now());
        if (this.#readers.every(({ unreadCount }) => unreadCount === 0))
          await this.#idle.wait(nextMs - performance.now(), signal);
      }
    } finally {
      for (const reader of this.#readers) reader.close();
    }
  }

  #note({ before, after }: Change<ServicePort>): void {
    // What a former run knew was told by it.
    if (before === undefined || after?.health === undefined) return;
    if (before.health?.down.length === 0 && after.health.down.length === 0) return;
    const node = this.#options.nodeView(after.family);
    const [was, is] = [categorizeEndpoints(before, node), categorizeEndpoints(after, node)];
    const [out, back] = [textsOf(is.ejected), textsOf(was.ejected)];
    const present = textsOf(after.endpoints);
    const ejected = out.difference(back);
    const readmitted = back.difference(out).intersection(present);
    const panic = is.isPanic && !was.isPanic ? `${after.displayName}: ${describePanic(after)}` : undefined;
    if (ejected.size === 0 && readmitted.size === 0 && panic === undefined) return;
    const news = this.#newsOf(objectKey(after.namespace, after.name));
    for (const text of ejected) move(text, news.readmitted, news.ejected);
    for (const text of readmitted) move(text, news.ejected, news.readmitted);
    news.panic = panic ?? news.panic;
  }

  #newsOf(service: ObjectKey): News {
    const known = this.#news.get(service);
    if (known !== undefined) return known;
    const news: News = { ejected: new Set(), readmitted: new Set(), panic: undefined, dueMs: 0 };
    this.#news.set(service, news);
    return news;
  }

  /** Returns when something is next. */
  #tell(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [service, news] of this.#news) {
      if (news.dueMs > nowMs) {
        nextMs = Math.min(nextMs, news.dueMs);
        continue;
      }
      const { ejected, readmitted, panic } = news;
      this.#news.delete(service);
      // A minute after the last news it is forgotten that there were any.
      if (ejected.size === 0 && readmitted.size === 0 && panic === undefined) continue;
      if (panic !== undefined) this.#record(service, 'Warning', 'HealthCheckPanic', panic);
      if (ejected.size > 0)
        this.#record(service, 'Warning', 'EndpointEjected', `${named(ejected)}: down by health checks`);
      if (readmitted.size > 0)
        this.#record(service, 'Normal', 'EndpointReadmitted', `${named(readmitted)}: used again`);
      const dueMs = nowMs + (this.#options.togetherMs ?? TOGETHER_MS);
      this.#newsOf(service).dueMs = dueMs;
      nextMs = Math.min(nextMs, dueMs);
    }
    return nextMs;
  }

  #record(service: ObjectKey, type: ClusterEvent['type'], reason: string, what: string): void {
    const { objects, nodeName, recorder, logger } = this.#options;
    if (type === 'Warning') logger.warn({ service }, `health checks: ${what}`);
    else logger.info({ service }, `health checks: ${what}`);
    recorder.record({
      subject: serviceSubject(objects, service),
      type,
      reason,
      action: 'CheckEndpoints',
      note: `node ${nodeName}: ${what}`,
    });
  }
}

function textsOf(endpoints: readonly { readonly text: string }[]): ReadonlySet<string> {
  return new Set(endpoints.map(({ text }) => text));
}

/** What went and came back meanwhile is no news. */
function move(text: string, from: Set<string>, to: Set<string>): void {
  if (!from.delete(text)) to.add(text);
}

function named(endpoints: ReadonlySet<string>): string {
  return firstOf([...endpoints], MOST_NAMED, 'endpoints');
}
