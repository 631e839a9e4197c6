/**
 * Which Service holds which NodePort or health check port (cluster § 9.6). The Services say so themselves: a port is taken if a
 * Service of the transaction has it. This only remembers which Service to ask.
 */
import {
  needsHealthCheckPort,
  needsNodePorts,
  nodePortsOf,
  type ServiceSpec,
  specOf,
} from '../kinds/service/fields.ts';
import type { StoreChange, StoredObject, StoreView } from '../store/store.ts';
import { objectOf } from '../store/stored-object.ts';
import { type BandRule, type Random, spans, staticOffset } from './bands.ts';

/** Both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** `namespace/name` */
type ServiceKey = string;

const BANDS: BandRule = { step: 32, max: 128 };

export class NodePortPool {
  readonly range: PortRange;
  readonly #random: Random;
  /** By port: exact, of what was committed. */
  readonly #committed = new Map<number, Set<ServiceKey>>();
  /**
   * By port: what was taken since. One whose Service has not got it was given up, or its write is committed and stands above,
   * or a later write gave it back and stands on this one.
   */
  readonly #pending = new Map<number, Set<ServiceKey>>();
  /** An object in the store does not change: what it was read as holds. */
  readonly #ports = new WeakMap<StoredObject, ReadonlySet<number>>();

  constructor(range: PortRange, random: Random) {
    this.range = range;
    this.#random = random;
  }

  commit({ before, after }: StoreChange): void {
    if (before !== undefined) {
      for (const port of this.#portsOf(before)) removeFrom(this.#committed, port, keyOf(before));
    }
    if (after !== undefined) {
      for (const port of this.#portsOf(after)) addTo(this.#committed, port, keyOf(after));
    }
  }

  claim(port: number, namespace: string, name: string): void {
    addTo(this.#pending, port, `${namespace}/${name}`);
  }

  isInRange(port: number): boolean {
    return port >= this.range.first && port <= this.range.last;
  }

  isTaken(view: StoreView, port: number): boolean {
    for (const key of this.#committed.get(port) ?? []) {
      if (this.#holds(view, key, port)) return true;
    }
    for (const key of this.#pending.get(port) ?? []) {
      if (this.#holds(view, key, port)) return true;
      removeFrom(this.#pending, port, key);
    }
    return false;
  }

  /**
   * First one that no committed Service has: to ask each of those whether it still does is what takes the time.
   *
   * @param alsoTaken besides those of the view
   * @returns undefined: there is none
   */
  findFree(view: StoreView, alsoTaken: ReadonlySet<number>): number | undefined {
    const isFree = (port: number): boolean => !alsoTaken.has(port) && !this.isTaken(view, port);
    return this.#find((port) => !this.#committed.has(port) && isFree(port)) ?? this.#find(isFree);
  }

  #find(isFree: (port: number) => boolean): number | undefined {
    const { first, last } = this.range;
    const size = last - first + 1;
    for (const [from, end] of spans(size, staticOffset(size, BANDS), this.#random)) {
      for (let port = first + from; port < first + end; port += 1) if (isFree(port)) return port;
    }
    return undefined;
  }

  #holds(view: StoreView, key: ServiceKey, port: number): boolean {
    const slash = key.indexOf('/');
    const stored = view.get('services', key.slice(0, slash), key.slice(slash + 1));
    return stored !== undefined && this.#portsOf(stored).has(port);
  }

  #portsOf(stored: StoredObject): ReadonlySet<number> {
    const known = this.#ports.get(stored);
    if (known !== undefined) return known;
    const ports = new Set(heldPorts(specOf(objectOf('services', stored))));
    this.#ports.set(stored, ports);
    return ports;
  }
}

/** The numbers that a Service takes from the pool. */
export function heldPorts(spec: ServiceSpec): readonly number[] {
  const { healthCheckNodePort = 0 } = spec;
  return [
    ...(needsNodePorts(spec) ? nodePortsOf(spec) : []),
    ...(needsHealthCheckPort(spec) && healthCheckNodePort !== 0 ? [healthCheckNodePort] : []),
  ];
}

function keyOf({ namespace, name }: StoredObject): ServiceKey {
  return `${namespace}/${name}`;
}

function addTo(map: Map<number, Set<ServiceKey>>, port: number, key: ServiceKey): void {
  const keys = map.get(port);
  if (keys === undefined) map.set(port, new Set([key]));
  else keys.add(key);
}

function removeFrom(map: Map<number, Set<ServiceKey>>, port: number, key: ServiceKey): void {
  const keys = map.get(port);
  keys?.delete(key);
  if (keys?.size === 0) map.delete(port);
}
