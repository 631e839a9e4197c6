/**
 * From Services and EndpointSlices to ServicePorts, for one IP family. Events may come in any order; what they add
 * up to depends only on the objects that are there in the end.
 *
 * An event costs as much as the objects it touches: an event only notes which Services it concerns, and taking the
 * changes looks at those Services alone.
 */
import { isDeepStrictEqual } from 'node:util';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import {
  type EndpointSlice,
  type EndpointWeights,
  formatProblem,
  type Problem,
  type Service,
} from '../kubernetes/objects.ts';
import { type ObjectKey, objectKey } from '../state/object-key.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import { fitBalancing } from './balancing.ts';
import { type Claimant, ClaimIndex, findLostClaims, formatLost, grantPort, readClaims } from './claims.ts';
import { countLocalReady, readServiceHealth, type ServiceHealth } from './service-health.ts';
import { SliceCache } from './slice-cache.ts';
import { readWantedPorts, type WantedPort } from './wanted-port.ts';

interface ServiceTrackerOptions {
  readonly family: IpFamily;
  /** Endpoints on this node are local. */
  readonly nodeName: string;
  /** Milliseconds since the epoch. Trigger times that are not later say nothing about this process. */
  readonly startedAtMs: number;
}

/** What differs from the state after the previous {@link ServiceTracker.takeChanges}. */
export interface TrackerChanges {
  /** New and changed service ports, undefined for one that is gone; in the order of the Services' namespace/name. */
  readonly ports: ReadonlyMap<ServicePortKey, ServicePort | undefined>;
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

/** Of one Service until somebody takes its changes; what comes after so many is not measured. */
const MAX_TRIGGER_TIMES = 1_000;

const NOTHING_SETTLED: SettledService = { ports: [], problems: [] };

export class ServiceTracker {
  readonly #family: IpFamily;
  readonly #startedAtMs: number;
  readonly #slices: SliceCache;
  readonly #wanted = new Map<ObjectKey, WantedService>();
  readonly #claims = new ClaimIndex();
  readonly #touched = new Set<ObjectKey>();
  readonly #triggerTimesMs = new Map<ObjectKey, number[]>();

  readonly #settled = new Map<ObjectKey, SettledService>();
  readonly #ports = new Map<ServicePortKey, ServicePort>();
  readonly #unmet = new Map<ServicePortKey, string>();
  readonly #health = new Map<ObjectKey, ServiceHealth>();
  #endpointCount = 0;

  constructor({ family, nodeName, startedAtMs }: ServiceTrackerOptions) {
    this.#family = family;
    this.#startedAtMs = startedAtMs;
    this.#slices = new SliceCache(family, nodeName);
  }

  /** Returns whether there is something new to take. */
  upsertService(service: Service): boolean {
    const { namespace, name, createdAtMs } = service;
    const claimant = { key: objectKey(namespace, name), namespace, name, createdAtMs };
    const ports = readWantedPorts(service, this.#family);
    const wanted = ports.length === 0 ? undefined : { claimant, ports, weights: service.weights };
    return this.#want(claimant.key, wanted);
  }

  /** Returns whether there is something new to take. */
  removeService(namespace: string, name: string): boolean {
    return this.#want(objectKey(namespace, name), undefined);
  }

  /** Returns whether there is something new to take: never if the write changed no endpoint. */
  upsertSlice(slice: EndpointSlice): boolean {
    const touched = this.#slices.upsert(slice);
    const service = objectKey(slice.namespace, slice.serviceName);
    if (touched.includes(service) && slice.lastChangeTriggerTimeMs > this.#startedAtMs) {
      const times = this.#triggerTimesMs.get(service) ?? [];
      if (times.length < MAX_TRIGGER_TIMES) times.push(slice.lastChangeTriggerTimeMs);
      this.#triggerTimesMs.set(service, times);
    }
    return this.#touch(touched);
  }

  /** Returns whether there is something new to take. */
  removeSlice(namespace: string, name: string): boolean {
    const service = this.#slices.serviceOf(namespace, name);
    // A removed slice tells when it was last changed, not when it was removed: as upstream, measure nothing.
    if (service !== undefined) this.#triggerTimesMs.delete(service);
    return this.#touch(this.#slices.remove(namespace, name));
  }

  /** Brings the state up to date with the events and returns what that changed. */
  takeChanges(): TrackerChanges {
    const ports = new Map<ServicePortKey, ServicePort | undefined>();
    const problems: Problem[] = [];
    for (const key of [...this.#touched].sort()) {
      const before = this.#settled.get(key) ?? NOTHING_SETTLED;
      const after = this.#settleOrReport(key, before, problems);
      if (after === NOTHING_SETTLED) this.#settled.delete(key);
      else this.#settled.set(key, after);
      this.#replacePorts(before, after, ports);
      this.#replaceHealth(key, readServiceHealth(after.ports));
      problems.push(...newProblems(before.problems, after.problems));
    }
    const triggerTimesMs = [...this.#triggerTimesMs.values()].flat();
    this.#touched.clear();
    this.#triggerTimesMs.clear();
    return { ports, triggerTimesMs, problems };
  }

  /** All service ports as of the last {@link takeChanges}, in no particular order. Unchanged ones keep identity. */
  get ports(): ReadonlyMap<ServicePortKey, ServicePort> {
    return this.#ports;
  }

  /** What Services ask for and their ports do without, and why, as of the last {@link takeChanges}. */
  get unmet(): ReadonlyMap<ServicePortKey, string> {
    return this.#unmet;
  }

  /** The Services with a healthCheckNodePort, as of the last {@link takeChanges}. */
  get serviceHealth(): ReadonlyMap<ObjectKey, ServiceHealth> {
    return this.#health;
  }

  /** Endpoints of all service ports together, whatever their condition, as of the last {@link takeChanges}. */
  get endpointCount(): number {
    return this.#endpointCount;
  }

  /** The Service of a slice that is known. */
  serviceOf(namespace: string, sliceName: string): ObjectKey | undefined {
    return this.#slices.serviceOf(namespace, sliceName);
  }

  /** As of the last {@link takeChanges}: see {@link countLocalReady}. 0 for an unknown Service. */
  localReadyCount(namespace: string, name: string): number {
    return countLocalReady(this.#settled.get(objectKey(namespace, name))?.ports ?? []);
  }

  #want(key: ObjectKey, after: WantedService | undefined): boolean {
    const before = this.#wanted.get(key);
    if (isDeepStrictEqual(before, after)) return false;
    if (after === undefined) this.#wanted.delete(key);
    else this.#wanted.set(key, after);
    this.#touch(this.#claims.replace(claimsOf(before), claimsOf(after)));
    return this.#touch([key]);
  }

  #touch(services: Iterable<ObjectKey>): boolean {
    let any = false;
    for (const key of services) {
      this.#touched.add(key);
      any = true;
    }
    return any;
  }

  /** One that can't be settled, through a mistake of the program, stays as it was. */
  #settleOrReport(key: ObjectKey, before: SettledService, problems: Problem[]): SettledService {
    try {
      return this.#settle(key);
    } catch (cause) {
      const [namespace = '', name = ''] = key.split('/');
      const message = `BUG: left as it was: ${cause instanceof Error ? cause.message : String(cause)}`;
      problems.push({ object: { kind: 'Service', namespace, name }, field: '', message });
      for (const port of before.ports) this.#unmet.set(port.key, message);
      return before;
    }
  }

  #settle(key: ObjectKey): SettledService {
    const wanted = this.#wanted.get(key);
    if (wanted === undefined) return NOTHING_SETTLED;
    const lost = findLostClaims(claimsOf(wanted), this.#claims);
    const problems = lost.map(({ problem }) => problem);
    const ports = wanted.ports.map((port) => {
      const all = this.#slices.endpointsOf(key, port.portName, port.protocol, wanted.weights);
      const { balancing, endpoints, problems: unfit } = fitBalancing(port, all);
      problems.push(...unfit);
      const reason = formatLost(lost, port);
      if (reason === undefined) this.#unmet.delete(port.key);
      else this.#unmet.set(port.key, reason);
      const after = grantPort({ ...port, balancing }, wanted.claimant, this.#claims, endpoints);
      const before = this.#ports.get(port.key);
      return before !== undefined && isDeepStrictEqual(before, after) ? before : after;
    });
    return { ports, problems };
  }

  #replacePorts(
    before: SettledService,
    after: SettledService,
    changes: Map<ServicePortKey, ServicePort | undefined>,
  ): void {
    const gone = new Set(before.ports.map((port) => port.key));
    for (const port of after.ports) {
      gone.delete(port.key);
      const previous = this.#ports.get(port.key);
      if (previous === port) continue;
      this.#endpointCount += port.endpoints.length - (previous?.endpoints.length ?? 0);
      this.#ports.set(port.key, port);
      changes.set(port.key, port);
    }
    for (const key of gone) {
      this.#endpointCount -= this.#ports.get(key)?.endpoints.length ?? 0;
      this.#ports.delete(key);
      this.#unmet.delete(key);
      changes.set(key, undefined);
    }
  }

  #replaceHealth(key: ObjectKey, after: ServiceHealth | undefined): void {
    if (after === undefined) this.#health.delete(key);
    else this.#health.set(key, after);
  }
}

function claimsOf(wanted: WantedService | undefined) {
  return wanted === undefined ? [] : readClaims(wanted.claimant, wanted.ports);
}

function newProblems(before: readonly Problem[], after: readonly Problem[]): readonly Problem[] {
  const known = new Set(before.map(formatProblem));
  return after.filter((problem) => !known.has(formatProblem(problem)));
}
