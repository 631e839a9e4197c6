/** An IP family that the machine can't serve: of each service port that needs it is told that it has failed, and why. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ObjectRef, WatchedObject } from '../kubernetes/objects.ts';
import { ServiceTracker } from '../services/service-tracker.ts';
import type { ObjectSink } from '../sources/source.ts';
import type { ServicePortStatus } from './service-port-status.ts';

export class UnservedFamily {
  readonly #family: IpFamily;
  readonly #reason: string;
  readonly #sinceMs: number;
  readonly #tracker: ServiceTracker;

  constructor(family: IpFamily, reason: string, nodeName: string, nowMs: number) {
    this.#family = family;
    this.#reason = reason;
    this.#sinceMs = nowMs;
    this.#tracker = new ServiceTracker({ family, nodeName, startedAtMs: nowMs });
  }

  /** Where traffic would have to go is of no interest. */
  upsert(object: WatchedObject): void {
    if (object.kind === 'Service') this.#tracker.upsertService(object);
  }

  remove(ref: ObjectRef): void {
    if (ref.kind === 'Service') this.#tracker.removeService(ref.namespace, ref.name);
  }

  status(): readonly ServicePortStatus[] {
    this.#tracker.takeChanges();
    return Array.from(this.#tracker.ports.keys(), (servicePort) => ({
      servicePort,
      family: this.#family,
      state: 'error',
      sinceMs: this.#sinceMs,
      error: `${this.#family} is not proxied: ${this.#reason}`,
    }));
  }
}

/** A sink of which these get to hear, too. */
export function heardBy(sink: ObjectSink, families: readonly UnservedFamily[]): ObjectSink {
  return {
    upsert: (object) => {
      sink.upsert(object);
      for (const family of families) family.upsert(object);
    },
    remove: (ref) => {
      sink.remove(ref);
      for (const family of families) family.remove(ref);
    },
    synced: () => sink.synced(),
    report: (problem) => sink.report(problem),
    stale: (ref, reason) => sink.stale(ref, reason),
  };
}
