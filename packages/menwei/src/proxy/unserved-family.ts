/** An IP family that the machine can't serve: of each service port that needs it is told that it has failed, and why. */
import { ServiceTracker } from '../services/service-tracker.ts';
import type { ServiceRules } from '../services/wanted-port.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { Reader } from '../state/reader.ts';
import type { ServicePort } from '../state/service-port.ts';
import type { StoredSlice } from '../state/stored-slice.ts';
import { Table } from '../state/table.ts';

/** Services of one list are told of together. */
const GATHERED_MS = 50;

interface UnservedFamilyOptions {
  readonly objects: ObjectTables;
  readonly tables: FamilyTables;
  /** Why it can't be served. */
  readonly reason: string;
  /** Since when that is known; milliseconds since the epoch. */
  readonly sinceMs: number;
  readonly rules?: ServiceRules;
}

/** A reader of the Services, and the writer of what became of them. */
export class UnservedFamily {
  readonly #options: UnservedFamilyOptions;
  readonly #tracker: ServiceTracker;
  readonly #servicePorts: Reader<ServicePort>;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UnservedFamilyOptions) {
    const { objects, tables, sinceMs, rules = {} } = options;
    this.#options = options;
    this.#servicePorts = tables.servicePorts.reader();
    // Where traffic would have to go is of no interest.
    const services = { services: objects.services, endpointSlices: new Table<StoredSlice>() };
    const startedAtMs = sinceMs;
    this.#tracker = new ServiceTracker({ objects: services, tables, startedAtMs, rules });
    this.#tracker.onTouched(() => {
      this.#timer ??= setTimeout(() => this.#update(), GATHERED_MS).unref();
    });
    this.#update();
  }

  /** Follows the Services no longer. */
  close(): void {
    clearTimeout(this.#timer);
    this.#tracker.close();
    this.#servicePorts.close();
  }

  #update(): void {
    this.#timer = undefined;
    this.#tracker.update();
    const { tables, reason, sinceMs } = this.#options;
    const { family, status } = tables;
    const error = `${family} is not proxied: ${reason}`;
    for (const { key, after } of this.#servicePorts.take()) {
      if (after === undefined) status.delete(key);
      else status.put(key, { servicePort: key, family, state: 'error', sinceMs, error });
    }
  }
}
