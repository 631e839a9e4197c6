/** Tells of Services that this node can't serve as they ask, and of families whose syncs fail: a reader of the state. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { oneLine } from '../kubernetes/api-error.ts';
import { InterruptiblePause, pause } from '../scheduling/pause.ts';
import { readServiceTroubles, type ServiceTrouble } from '../services/service-troubles.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../state/object-key.ts';
import type { ObjectTables, StaleObject } from '../state/object-tables.ts';
import type { Reader } from '../state/reader.ts';
import type { ServicePortStatus } from '../state/service-port-status.ts';
import type { SyncRow } from '../state/sync-row.ts';
import { type EventRecorder, type EventSubject, nodeSubject } from './event.ts';

/** Much that goes wrong is put right by the next attempt. */
const SETTLE_MS = 10_000;
/** What all nodes find they tell at different times, so that most find it told. */
const SPREAD_MS = 60_000;
/** An API server keeps events for an hour. What is still so then is told again. */
const AGAIN_MS = 55 * 60_000;
/** Changes that come together are looked at together, and not too many at a time. */
const GATHER_MS = 1_000;
const MOST_LOOKS = 200;

interface ServiceEventsOptions {
  readonly objects: ObjectTables;
  /** Of the families that are proxied. Of others nothing is told about each Service. */
  readonly families: readonly FamilyTables[];
  readonly nodeName: string;
  readonly recorder: EventRecorder;
  readonly settleMs?: number;
  readonly spreadMs?: number;
}

export class ServiceEvents {
  readonly #options: ServiceEventsOptions;
  readonly #readers: readonly Pick<Reader<unknown>, 'unreadCount' | 'close'>[];
  /** Services that may be in trouble, and families whose syncs fail; by when they are to be looked at again. */
  readonly #services = new Map<ObjectKey, number>();
  readonly #failing = new Map<IpFamily, { readonly dueMs: number; readonly why: SyncRow['failure'] }>();
  readonly #takers: readonly (() => void)[];
  readonly #idle = new InterruptiblePause();

  constructor(options: ServiceEventsOptions) {
    this.#options = options;
    const { objects, families } = options;
    const changed = () => this.#idle.end();
    const stale = objects.stale.reader(changed);
    const readers: Pick<Reader<unknown>, 'unreadCount' | 'close'>[] = [stale];
    const takers = [() => this.#takeStale(stale)];
    for (const tables of families) {
      const status = tables.status.reader(changed);
      const syncs = tables.syncs.reader(changed);
      readers.push(status, syncs);
      takers.push(
        () => this.#takeStatus(tables, status),
        () => this.#takeSyncs(tables.family, syncs),
      );
    }
    this.#readers = readers;
    this.#takers = takers;
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        for (const take of this.#takers) take();
        const nextMs = this.#look(performance.now());
        if (this.#readers.every(({ unreadCount }) => unreadCount === 0)) {
          await this.#idle.wait(nextMs - performance.now(), signal);
        }
        await pause(GATHER_MS, signal);
      }
    } finally {
      for (const reader of this.#readers) reader.close();
    }
  }

  #takeStale(reader: Reader<StaleObject>): void {
    const { endpointSlices } = this.#options.objects;
    for (const { after } of reader.take()) {
      if (after === undefined) continue;
      const { kind, namespace, name } = after.ref;
      const key = objectKey(namespace, name);
      const service = kind === 'Service' ? key : endpointSlices.get(key)?.service;
      if (service !== undefined && (kind === 'Service' || kind === 'EndpointSlice')) {
        this.#suspect(service, this.#spread());
      }
    }
  }

  #takeStatus({ servicePorts, unmet }: FamilyTables, reader: Reader<ServicePortStatus>): void {
    for (const { key, after } of reader.take()) {
      const port = servicePorts.get(key);
      if (after?.state !== 'error' || port === undefined) continue;
      this.#suspect(objectKey(port.namespace, port.name), unmet.get(key) === undefined ? 0 : this.#spread());
    }
  }

  #takeSyncs(family: IpFamily, reader: Reader<SyncRow>): void {
    for (const { after } of reader.take()) {
      if (after?.ok !== false) this.#failing.delete(family);
      else {
        const { dueMs = performance.now() + this.#settleMs } = this.#failing.get(family) ?? {};
        this.#failing.set(family, { dueMs, why: after.failure });
      }
    }
  }

  #suspect(service: ObjectKey, delayMs: number): void {
    const dueMs = performance.now() + this.#settleMs + delayMs;
    this.#services.set(service, Math.min(dueMs, this.#services.get(service) ?? dueMs));
  }

  /** Looks at what is due, and returns when something is next. */
  #look(nowMs: number): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [family, { dueMs, why }] of this.#failing) {
      if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs);
      else {
        const againMs = nowMs + AGAIN_MS;
        this.#failing.set(family, { dueMs: againMs, why });
        nextMs = Math.min(nextMs, againMs);
        this.#tellFailing(family, why);
      }
    }
    let looks = 0;
    for (const [service, dueMs] of this.#services) {
      if (dueMs > nowMs || looks === MOST_LOOKS) {
        nextMs = Math.min(nextMs, dueMs);
        continue;
      }
      looks++;
      this.#services.delete(service);
      // What fails for all of a family says nothing about one of them.
      if (this.#failing.size > 0) this.#suspect(service, 0);
      else if (this.#tellTroubles(service)) this.#suspect(service, AGAIN_MS + this.#spread());
    }
    return nextMs;
  }

  #tellFailing(family: IpFamily, why: SyncRow['failure']): void {
    const what = why === undefined ? '' : ` (${oneLine(`${why.operation} ${why.object}`)})`;
    this.#options.recorder.record({
      subject: nodeSubject(this.#options.nodeName),
      type: 'Warning',
      reason: 'SyncFailed',
      action: 'SyncProxyRules',
      note: `${family}: syncs fail${what}, and changes of Services are not programmed; the log and /status say why`,
    });
  }

  /** Returns whether there are any. */
  #tellTroubles(key: ObjectKey): boolean {
    const { objects, families, recorder, nodeName } = this.#options;
    const troubles = readServiceTroubles(objects, families, key);
    for (const [reason, [first, ...others]] of Map.groupBy(troubles, (trouble) => trouble.reason)) {
      if (first === undefined) continue;
      const isSameOnAllNodes = reason !== 'NotProgrammed';
      const place = isSameOnAllNodes ? '' : `node ${nodeName}: `;
      const rest = others.length === 0 ? '' : `; and ${others.length} more`;
      recorder.record({
        subject: serviceSubject(objects, key),
        type: 'Warning',
        reason,
        action: 'SyncProxyRules',
        note: oneLine(place + describe(first)) + rest,
        isSameOnAllNodes,
      });
    }
    return troubles.length > 0;
  }

  #spread(): number {
    return Math.random() * (this.#options.spreadMs ?? SPREAD_MS);
  }

  get #settleMs(): number {
    return this.#options.settleMs ?? SETTLE_MS;
  }
}

function describe({ servicePort, family, message }: ServiceTrouble): string {
  return servicePort === undefined ? message : `${servicePort} (${family}): ${message}`;
}

/** @param key of a Service, which may be unknown */
export function serviceSubject({ services }: Pick<ObjectTables, 'services'>, key: ObjectKey): EventSubject {
  return { kind: 'Service', ...parseObjectKey(key), uid: services.get(key)?.uid ?? '' };
}
