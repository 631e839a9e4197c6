/**
 * From Services, EndpointSlices and what checks have found to ServicePorts, for one IP family: a reader of those, and the
 * writer of the service ports. Events may come in any order; what they add up to depends only on what is there in the end.
 *
 * An event costs as much as the objects it touches: an event only notes which Services it concerns, and an update looks
 * at those Services alone.
 */
import { isDeepStrictEqual } from 'node:util';
import { type EndpointWeights, formatProblem, type Problem, type Service } from '../kubernetes/objects.ts';
import { atOnce, type Steps } from '../scheduling/steps.ts';
import type { EndpointHealth } from '../state/endpoint-health.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import { type ObjectKey, parseObjectKey } from '../state/object-key.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { Change, Reader } from '../state/reader.ts';
import type { Endpoint, PortHealth, ServicePort, ServicePortKey } from '../state/service-port.ts';
import type { StoredSlice } from '../state/stored-slice.ts';
import { fitBalancing } from './balancing.ts';
import { type Claimant, ClaimIndex, findLostClaims, formatLost, grantPort, readClaims } from './claims.ts';
import { DownIndex } from './down-index.ts';
import { SliceIndex } from './slice-index.ts';
import { readWantedPorts, type ServiceRules, type WantedPort } from './wanted-port.ts';

interface ServiceTrackerOptions {
  readonly objects: Pick<ObjectTables, 'services' | 'endpointSlices'>;
  readonly tables: Pick<FamilyTables, 'family' | 'servicePorts' | 'unmet' | 'health'>;
  /** Milliseconds since the epoch. Trigger times that are not later say nothing about this process. */
  readonly startedAtMs: number;
  readonly rules?: ServiceRules;
}

/** What an update found beside the service ports. */
export interface TrackerUpdate {
  /**
   * When the changes to endpoints were set off (annotation `endpoints.kubernetes.io/last-change-trigger-time`),
   * one for each changed slice, for the network programming latency.
   */
  readonly triggerTimesMs: readonly number[];
  /**
   * What a Service asks for and does not get, as far as that is news: an address that another one owns, a way of
   * balancing that its endpoints could not take part in.
   */
  readonly problems: readonly Problem[];
}

/** Objects that have changed since the last update. */
export interface PendingChanges {
  readonly services: ReadonlySet<ObjectKey>;
  readonly endpointSlices: ReadonlySet<ObjectKey>;
}

interface WantedService {
  readonly claimant: Claimant;
  readonly ports: readonly WantedPort[];
  /** Of endpoints whose slices say nothing about theirs. */
  readonly weights: EndpointWeights | undefined;
}

interface SettledService {
  readonly ports: readonly ServicePort[];
  readonly problems: readonly Problem[];
}

/** Of one Service until the next update; what comes after so many is not measured. */
const MAX_TRIGGER_TIMES = 1_000;

const NOTHING_SETTLED: SettledService = { ports: [], problems: [] };

export class ServiceTracker {
  readonly #options: ServiceTrackerOptions;
  readonly #services: Reader<Service>;
  readonly #endpointSlices: Reader<StoredSlice>;
  readonly #health: Reader<EndpointHealth>;
  readonly #slices: SliceIndex;
  readonly #down = new DownIndex();
  readonly #claims = new ClaimIndex();
  readonly #touched = new Set<ObjectKey>();
  #pending = { services: new Set<ObjectKey>(), endpointSlices: new Set<ObjectKey>() };
  readonly #triggerTimesMs = new Map<ObjectKey, number[]>();
  readonly #settled = new Map<ObjectKey, SettledService>();
  /** Service ports that a former tracker has left, until the first update. */
  #inherited: ReadonlySet<ServicePortKey>;
  #endpointCount = 0;
  #onTouched: () => void = () => undefined;

  constructor(options: ServiceTrackerOptions) {
    const { objects, tables } = options;
    this.#options = options;
    this.#slices = new SliceIndex(tables.family);
    this.#inherited = new Set(tables.servicePorts.rows.keys());
    this.#services = objects.services.reader(() => this.#noteAll(this.#services, this.#noteService));
    this.#endpointSlices = objects.endpointSlices.reader(() =>
      this.#noteAll(this.#endpointSlices, this.#noteSlice),
    );
    this.#health = tables.health.reader(() => this.#noteAll(this.#health, this.#noteHealth));
    this.#noteAll(this.#services, this.#noteService);
    this.#noteAll(this.#endpointSlices, this.#noteSlice);
    this.#noteAll(this.#health, this.#noteHealth);
  }

  /** Whom to tell when there is something to {@link update}. */
  onTouched(listener: () => void): void {
    this.#onTouched = listener;
  }

  /** Brings the service ports up to date with the objects, in the order of the Services' namespace/name. */
  update(): TrackerUpdate {
    return atOnce(this.updateInSteps());
  }

  /** The same in steps. An object that changes meanwhile is looked at in the end by this update or the next one. */
  *updateInSteps(): Steps<TrackerUpdate> {
    const problems: Problem[] = [];
    const triggerTimesMs: number[] = [];
    this.#pending = { services: new Set(), endpointSlices: new Set() };
    for (const [index, key] of [...this.#touched].sort().entries()) {
      if (index > 0) yield;
      const before = this.#settled.get(key) ?? NOTHING_SETTLED;
      const after = this.#settleOrReport(key, before, problems);
      if (after === NOTHING_SETTLED) this.#settled.delete(key);
      else this.#settled.set(key, after);
      this.#removeFormer(before, after);
      problems.push(...newProblems(before.problems, after.problems));
      triggerTimesMs.push(...(this.#triggerTimesMs.get(key) ?? []));
      this.#triggerTimesMs.delete(key);
      this.#touched.delete(key);
    }
    this.#dropInherited();
    return { triggerTimesMs, problems };
  }

  /** Endpoints of all service ports together, whatever their condition, as of the last {@link update}. */
  get endpointCount(): number {
    return this.#endpointCount;
  }

  get pendingChanges(): PendingChanges {
    return this.#pending;
  }

  /** Follows the objects no longer. */
  close(): void {
    for (const each of [this.#services, this.#endpointSlices, this.#health]) each.close();
  }

  #noteAll<Row>(reader: Reader<Row>, note: (change: Change<Row>) => boolean): void {
    let isTouched = false;
    for (const change of reader.take()) if (note(change)) isTouched = true;
    if (isTouched) this.#onTouched();
  }

  readonly #noteService = ({ key, before, after }: Change<Service>): boolean => {
    const was = before && this.#readWanted(key, before);
    const is = after && this.#readWanted(key, after);
    if (isDeepStrictEqual(was, is)) return false;
    this.#pending.services.add(key);
    this.#touch(this.#claims.replace(claimsOf(was), claimsOf(is)));
    return this.#touch([key]);
  };

  readonly #noteSlice = (change: Change<StoredSlice>): boolean => {
    const touched = this.#slices.note(change);
    const { before, after } = change;
    if (touched.length > 0) this.#pending.endpointSlices.add(change.key);
    if (after === undefined) {
      // A removed slice tells when it was last changed, not when it was removed: as upstream, measure nothing.
      if (before?.family === this.#options.tables.family) this.#triggerTimesMs.delete(before.service);
    } else if (touched.includes(after.service)) this.#noteTriggerTime(after);
    return this.#touch(touched);
  };

  readonly #noteHealth = (change: Change<EndpointHealth>): boolean => {
    const service = this.#down.note(change);
    return service !== undefined && this.#touch([service]);
  };

  #noteTriggerTime({ service, lastChangeTriggerTimeMs }: StoredSlice): void {
    if (lastChangeTriggerTimeMs <= this.#options.startedAtMs) return;
    const times = this.#triggerTimesMs.get(service) ?? [];
    if (times.length < MAX_TRIGGER_TIMES) times.push(lastChangeTriggerTimeMs);
    this.#triggerTimesMs.set(service, times);
  }

  #touch(services: Iterable<ObjectKey>): boolean {
    let any = false;
    for (const key of services) {
      this.#touched.add(key);
      any = true;
    }
    return any;
  }

  /** Undefined: it wants nothing in this family. */
  #readWanted(key: ObjectKey, service: Service): WantedService | undefined {
    const { namespace, name, createdAtMs, weights } = service;
    const { tables, rules } = this.#options;
    const ports = readWantedPorts(service, tables.family, rules);
    if (ports.length === 0) return undefined;
    return { claimant: { key, namespace, name, createdAtMs }, ports, weights };
  }

  /** One that can't be settled, through a mistake of the program, stays as it was. */
  #settleOrReport(key: ObjectKey, before: SettledService, problems: Problem[]): SettledService {
    try {
      const service = this.#options.objects.services.get(key);
      const wanted = service && this.#readWanted(key, service);
      return wanted === undefined ? NOTHING_SETTLED : this.#settle(key, wanted);
    } catch (cause) {
      const message = `BUG: left as it was: ${cause instanceof Error ? cause.message : String(cause)}`;
      problems.push({ object: { kind: 'Service', ...parseObjectKey(key) }, field: '', message });
      for (const port of before.ports) this.#options.tables.unmet.put(port.key, message);
      return before;
    }
  }

  #settle(key: ObjectKey, wanted: WantedService): SettledService {
    const lost = findLostClaims(claimsOf(wanted), this.#claims);
    const problems = lost.map(({ problem }) => problem);
    const ports = wanted.ports.map((port) => {
      const all = this.#slices.endpointsOf(key, port.portName, port.protocol, wanted.weights);
      const { balancing, endpoints, problems: unfit } = fitBalancing(port, all);
      problems.push(...unfit);
      const served = { endpoints, health: this.#healthOf(port, endpoints) };
      const granted = grantPort({ ...port, balancing }, wanted.claimant, this.#claims, served);
      return { granted, reason: formatLost(lost, port) };
    });
    // Only now, so that a mistake changes nothing.
    const settled = ports.map(({ granted, reason }) => this.#put(granted, reason));
    return { ports: settled, problems: problems.length === 0 ? NOTHING_SETTLED.problems : problems };
  }

  #healthOf({ key, healthCheck }: WantedPort, endpoints: readonly Endpoint[]): PortHealth | undefined {
    return healthCheck && { check: healthCheck, down: this.#down.downOf(key, endpoints) };
  }

  /** Returns the row that is in the table then. */
  #put(port: ServicePort, unmetReason: string | undefined): ServicePort {
    const { servicePorts, unmet } = this.#options.tables;
    const { key } = port;
    if (unmetReason === undefined) unmet.delete(key);
    else unmet.put(key, unmetReason);
    const before = servicePorts.get(key);
    if (!servicePorts.put(key, port) && before !== undefined) return before;
    return port;
  }

  #removeFormer(before: SettledService, after: SettledService): void {
    const { servicePorts, unmet } = this.#options.tables;
    for (const { endpoints } of before.ports) this.#endpointCount -= endpoints.length;
    const stay = new Set<ServicePortKey>();
    for (const { key, endpoints } of after.ports) {
      this.#endpointCount += endpoints.length;
      stay.add(key);
    }
    for (const { key } of before.ports) {
      if (stay.has(key)) continue;
      servicePorts.delete(key);
      unmet.delete(key);
    }
  }

  #dropInherited(): void {
    if (this.#inherited.size === 0) return;
    const own = new Set([...this.#settled.values()].flatMap(({ ports }) => ports.map(({ key }) => key)));
    for (const key of this.#inherited) {
      if (own.has(key)) continue;
      this.#options.tables.servicePorts.delete(key);
      this.#options.tables.unmet.delete(key);
    }
    this.#inherited = new Set();
  }
}

function claimsOf(wanted: WantedService | undefined) {
  return wanted === undefined ? [] : readClaims(wanted.claimant, wanted.ports);
}

function newProblems(before: readonly Problem[], after: readonly Problem[]): readonly Problem[] {
  const known = new Set(before.map(formatProblem));
  return after.filter((problem) => !known.has(formatProblem(problem)));
}
