/**
 * Slow start: how much of its weight an endpoint has that has come, or come back, to a Service that asks for it. The same for
 * every mode that has weights. Pure: time is an argument, in milliseconds of any clock that never goes back.
 */
import type { Endpoint, ServicePort, ServicePortKey } from '../state/service-port.ts';
import { SLOW_START_STEPS } from './apportionment.ts';
import type { NodeView } from './node-view.ts';
import { categorizeEndpoints } from './topology.ts';

/** A service port whose Service asks for slow start. */
interface Paced {
  /** Texts of the endpoints that it leads to. */
  readonly used: ReadonlySet<string>;
  /** When each of those in slow start began. */
  readonly startedAtMs: ReadonlyMap<string, number>;
  /** When the next of them takes a step; infinite if there is none. */
  readonly nextAtMs: number;
}

export class SlowStarts {
  readonly #ports = new Map<ServicePortKey, Paced>();
  /** The keys of those that have endpoints in slow start. */
  readonly #pending = new Set<ServicePortKey>();

  /**
   * The service port as it is to be compiled now. An endpoint begins slowly when the node comes to use it, beside others that
   * go on; those that are there at the first look do not.
   */
  pace(port: ServicePort, node: NodeView, nowMs: number): ServicePort {
    const durationMs = port.balancing.slowStartMs;
    if (durationMs === 0) {
      this.forget(port.key);
      return port;
    }
    const used = new Set(categorizeEndpoints(port, node).allReachable.map(({ text }) => text));
    const startedAtMs = startsAmong(used, this.#ports.get(port.key), nowMs, durationMs);
    const steps = new Map<string, number>();
    let nextAtMs = Number.POSITIVE_INFINITY;
    for (const [text, startMs] of startedAtMs) {
      const step = stepAt(nowMs - startMs, durationMs);
      steps.set(text, step);
      nextAtMs = Math.min(nextAtMs, startMs + ((step + 1) * durationMs) / SLOW_START_STEPS);
    }
    this.#ports.set(port.key, { used, startedAtMs, nextAtMs });
    if (steps.size === 0) {
      this.#pending.delete(port.key);
      return port;
    }
    this.#pending.add(port.key);
    return {
      ...port,
      endpoints: port.endpoints.map((endpoint) => atStep(endpoint, steps.get(endpoint.text))),
    };
  }

  /** The service port is gone. */
  forget(key: ServicePortKey): void {
    this.#ports.delete(key);
    this.#pending.delete(key);
  }

  /** Those that have to be compiled again, since an endpoint of theirs takes a step. */
  due(nowMs: number): readonly ServicePortKey[] {
    return [...this.#pending].filter((key) => this.#nextAtMs(key) <= nowMs);
  }

  /** When the next is due; undefined: nobody is in slow start. */
  nextInMs(nowMs: number): number | undefined {
    if (this.#pending.size === 0) return undefined;
    const nextAtMs = [...this.#pending].reduce(
      (first, key) => Math.min(first, this.#nextAtMs(key)),
      Infinity,
    );
    return Math.max(0, nextAtMs - nowMs);
  }

  #nextAtMs(key: ServicePortKey): number {
    return this.#ports.get(key)?.nextAtMs ?? Number.POSITIVE_INFINITY;
  }
}

function startsAmong(
  used: ReadonlySet<string>,
  before: Paced | undefined,
  nowMs: number,
  durationMs: number,
): ReadonlyMap<string, number> {
  const starts = new Map<string, number>();
  if (before === undefined) return starts;
  for (const [text, startMs] of before.startedAtMs) {
    if (used.has(text) && nowMs - startMs < durationMs) starts.set(text, startMs);
  }
  // Where nobody goes on, there is nobody to spare the newcomers the load.
  if (used.isDisjointFrom(before.used)) return starts;
  for (const text of used) if (!before.used.has(text)) starts.set(text, nowMs);
  return starts;
}

/** From 1 on: nobody waits for a first connection for longer than a step takes. */
function stepAt(elapsedMs: number, durationMs: number): number {
  return Math.max(1, Math.floor((SLOW_START_STEPS * elapsedMs) / durationMs));
}

function atStep(endpoint: Endpoint, slowStartStep: number | undefined): Endpoint {
  return slowStartStep === undefined ? endpoint : { ...endpoint, slowStartStep };
}
