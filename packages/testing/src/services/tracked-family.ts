/** Objects in the state, and what a tracker makes of them for one IP family. Only tests import this file. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ObjectRef, WatchedObject } from 'menwei/kubernetes/objects.ts';
import { type ServiceHealth, ServiceHealthIndex } from 'menwei/services/service-health.ts';
import { ServiceTracker, type TrackerUpdate } from 'menwei/services/service-tracker.ts';
import type { ObjectKey } from 'menwei/state/object-key.ts';
import type { Reader } from 'menwei/state/reader.ts';
import type { ServicePort, ServicePortKey } from 'menwei/state/service-port.ts';
import { State } from 'menwei/state/state.ts';

interface TrackedFamilyOptions {
  readonly family: IpFamily;
  readonly nodeName: string;
  readonly startedAtMs: number;
}

export interface TrackedChanges extends TrackerUpdate {
  /** New and changed service ports, undefined for one that is gone. */
  readonly ports: ReadonlyMap<ServicePortKey, ServicePort | undefined>;
}

export class TrackedFamily {
  readonly state: State;
  readonly #family: IpFamily;
  readonly #tracker: ServiceTracker;
  readonly #servicePorts: Reader<ServicePort>;
  readonly #health: ServiceHealthIndex;
  #isTouched = false;

  constructor({ family, nodeName, startedAtMs }: TrackedFamilyOptions) {
    this.state = new State(nodeName);
    this.#family = family;
    const { objects } = this.state;
    this.#tracker = new ServiceTracker({ objects, tables: this.#tables, startedAtMs });
    this.#tracker.onTouched(() => {
      this.#isTouched = true;
    });
    this.#servicePorts = this.#tables.servicePorts.reader();
    this.#health = new ServiceHealthIndex(this.#tables.servicePorts);
  }

  /** Returns whether there is something new to take. */
  put(object: WatchedObject): boolean {
    this.#isTouched = false;
    this.state.objects.put(object);
    return this.#isTouched;
  }

  /** Returns whether there is something new to take. */
  delete({ kind, namespace, name }: ObjectRef): boolean {
    this.#isTouched = false;
    this.state.objects.delete({ kind, namespace, name });
    return this.#isTouched;
  }

  /** Brings the service ports up to date, and returns what that changed since the last time. */
  takeChanges(): TrackedChanges {
    const update = this.#tracker.update();
    const changes = this.#servicePorts.take();
    return { ...update, ports: new Map(changes.map(({ key, after }) => [key, after])) };
  }

  /** As of the last {@link takeChanges}, as all that follows. */
  get ports(): ReadonlyMap<ServicePortKey, ServicePort> {
    return this.#tables.servicePorts.rows;
  }

  get unmet(): ReadonlyMap<ServicePortKey, string> {
    return this.#tables.unmet.rows;
  }

  get endpointCount(): number {
    return this.#tracker.endpointCount;
  }

  get serviceHealth(): ReadonlyMap<ObjectKey, ServiceHealth> {
    return this.#health.read();
  }

  get #tables() {
    return this.state.families[this.#family];
  }
}
