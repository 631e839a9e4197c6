/**
 * The proxy of one IP family: takes the changed service ports, compiles those, and makes the kernel hold the result.
 *
 * While it knows what the kernel holds, it compares only what changed. When it does not (at the start, after a
 * failure, when somebody else meddled), it first looks, and then compares everything: the same diff, other arguments.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { IpFamily } from '../addresses/ip.ts';
import type { Backend, Plan, Refusal } from '../backends/backend.ts';
import type { Settlement } from '../conntrack/flow-cutter.ts';
import { leadingTo } from '../conntrack/frontends.ts';
import { formatProblem } from '../kubernetes/objects.ts';
import type { Logger } from '../log/logger.ts';
import { isLargeCluster, type NodeView } from '../services/node-view.ts';
import type { ServicePort, ServicePortKey } from '../services/service-port.ts';
import type { ServiceTracker } from '../services/service-tracker.ts';
import { StatusBoard } from './service-port-status.ts';
import { Turns } from './turns.ts';

/** Compiling gives way to other work after this long. */
const COMPILE_TURN_MS = 10;

export interface FamilyProxyOptions<Unit, State, Changes> {
  readonly backend: Backend<Unit, State, Changes>;
  readonly tracker: ServiceTracker;
  /** How the node looks now. */
  readonly nodeView: () => NodeView;
  readonly logger: Logger;
  /** Told of every sync that succeeded. */
  readonly onSettled?: ((settlement: Settlement) => void) | undefined;
}

/** What a sync did, for metrics and the log. */
export interface SyncResult {
  readonly ok: boolean;
  readonly error?: unknown;
  /** Everything was compared with the kernel, not just what changed. */
  readonly complete: boolean;
  readonly changedServicePorts: number;
  /** When the programmed changes were set off (see TrackerChanges); empty after a failure. */
  readonly triggerTimesMs: readonly number[];
  /** What the kernel did not take, while all the rest succeeded; it has to be tried again. */
  readonly refused: readonly Refusal[];
}

/** A FamilyProxy of any mode, as the sync loop sees it. */
export interface Syncable {
  readonly family: IpFamily;
  readonly status: StatusBoard;
  readonly tracker: ServiceTracker;
  sync(signal: AbortSignal): Promise<SyncResult>;
  /** What the kernel holds is not what we left: the next sync looks at all of it. */
  forgetKernel(): void;
  watch(drifted: (what?: string) => void, signal: AbortSignal): Promise<void>;
}

export class FamilyProxy<Unit, State, Changes> implements Syncable {
  readonly family: IpFamily;
  readonly status: StatusBoard;
  readonly tracker: ServiceTracker;
  readonly #options: FamilyProxyOptions<Unit, State, Changes>;
  readonly #backend: Backend<Unit, State, Changes>;
  readonly #plan: Plan<Unit, State>;
  /** For syncs and what the watch looks at or edits between them. */
  readonly #turns = new Turns();
  /** Changed since the kernel was last known to be right; what a failed sync leaves, the next one takes up. */
  readonly #unprogrammed = new Map<ServicePortKey, ServicePort | undefined>();
  /** Why service ports could not be compiled the last time. */
  readonly #uncompiled = new Map<ServicePortKey, string>();
  readonly #triggerTimesMs: number[] = [];
  #node: NodeView | undefined;
  #kernelKnown = false;
  /** Somebody meddled after the sync that is on had its look at the kernel. */
  #kernelForgotten = false;

  constructor(options: FamilyProxyOptions<Unit, State, Changes>) {
    this.#options = options;
    this.#backend = options.backend;
    this.#plan = options.backend.plan();
    this.family = options.backend.family;
    this.status = new StatusBoard(this.family);
    this.tracker = options.tracker;
  }

  sync(signal: AbortSignal): Promise<SyncResult> {
    return this.#turns.take(() => this.#sync(signal));
  }

  async #sync(signal: AbortSignal): Promise<SyncResult> {
    const complete = !this.#kernelKnown;
    const ports = this.#takeChanges();
    try {
      const units = await this.#compile(ports);
      const refused = await this.#program(units, signal);
      return this.#succeeded(complete, ports.size, refused);
    } catch (error) {
      return this.#failed(error, complete, ports.size);
    }
  }

  forgetKernel(): void {
    this.#kernelKnown = false;
    this.#kernelForgotten = true;
  }

  watch(drifted: (what?: string) => void, signal: AbortSignal): Promise<void> {
    return this.#backend.watch(drifted, this.#turns.take, signal);
  }

  /** The service ports whose units may have changed: those that did, or all of them if the node did. */
  #takeChanges(): ReadonlyMap<ServicePortKey, ServicePort | undefined> {
    const changes = this.tracker.takeChanges();
    for (const problem of changes.problems) this.#options.logger.warn({}, formatProblem(problem));
    this.#triggerTimesMs.push(...changes.triggerTimesMs);
    for (const [key, port] of changes.ports) {
      this.#unprogrammed.set(key, port);
      if (port === undefined) this.status.remove(key);
      else this.status.set([key], 'pending', Date.now());
    }
    const node = {
      ...this.#options.nodeView(),
      largeCluster: isLargeCluster(this.tracker.endpointCount),
    };
    const nodeChanged = this.#node !== undefined && !isSameNode(this.#node, node);
    this.#node = node;
    return nodeChanged ? new Map([...this.#unprogrammed, ...this.tracker.ports]) : changes.ports;
  }

  async #compile(
    ports: ReadonlyMap<ServicePortKey, ServicePort | undefined>,
  ): Promise<ReadonlyMap<ServicePortKey, Unit | undefined>> {
    const node = this.#nodeOrBug();
    const units = new Map<ServicePortKey, Unit | undefined>();
    let turnStartedMs = performance.now();
    for (const [key, port] of ports) {
      if (port === undefined) {
        units.set(key, undefined);
        this.#uncompiled.delete(key);
      } else {
        this.#compileOne(port, node, units);
      }
      if (performance.now() - turnStartedMs < COMPILE_TURN_MS) continue;
      await nextTurn();
      turnStartedMs = performance.now();
    }
    return units;
  }

  /** A service port that can't be compiled keeps its last good unit, and the others don't suffer. */
  #compileOne(port: ServicePort, node: NodeView, units: Map<ServicePortKey, Unit | undefined>): void {
    try {
      units.set(port.key, this.#backend.compile(port, node, this.#plan.unit(port.key)));
      if (this.#uncompiled.delete(port.key)) this.#unprogrammed.set(port.key, port);
    } catch (cause) {
      this.#uncompiled.set(port.key, messageOf(cause));
      this.#unprogrammed.set(port.key, port);
      this.#options.logger.error(
        { servicePort: port.key, error: cause },
        'service port could not be compiled',
      );
    }
  }

  async #program(
    units: ReadonlyMap<ServicePortKey, Unit | undefined>,
    signal: AbortSignal,
  ): Promise<readonly Refusal[]> {
    const change = this.#plan.update(this.#nodeOrBug(), units);
    this.#kernelForgotten = false;
    let changes = this.#kernelKnown
      ? this.#backend.diff(change.before, change.after)
      : await this.#compareWithKernel(signal);
    // Until the kernel has said yes, nobody knows what it holds.
    this.#kernelKnown = false;
    while (!this.#backend.isEmpty(changes)) {
      const outcome = await this.#backend.apply(changes, signal);
      if (outcome === 'applied') break;
      if (outcome !== 'outdated') return outcome.refused;
      signal.throwIfAborted();
      changes = await this.#compareWithKernel(signal);
    }
    this.#kernelKnown = !this.#kernelForgotten;
    return [];
  }

  async #compareWithKernel(signal: AbortSignal): Promise<Changes> {
    const observed = await this.#backend.observe(signal);
    this.#plan.settle(observed);
    return this.#backend.diff(observed, this.#plan.complete());
  }

  #succeeded(complete: boolean, changedServicePorts: number, refused: readonly Refusal[]): SyncResult {
    const errors = new Map(this.#uncompiled);
    for (const { servicePort, error } of refused) {
      if (servicePort !== undefined) errors.set(servicePort, error.message);
    }
    for (const [key, port] of this.#unprogrammed) {
      if (port !== undefined && !errors.has(key)) this.status.set([key], 'programmed', Date.now());
    }
    // What could not be compiled was left as it was.
    const ports = new Map(
      [...this.#unprogrammed]
        .filter(([key]) => !this.#uncompiled.has(key))
        .map(([key, port]) => [key, port && this.#asFlowsSeeIt(port)]),
    );
    this.#unprogrammed.clear();
    for (const [key, error] of errors) {
      const port = this.tracker.ports.get(key);
      this.#unprogrammed.set(key, port);
      if (port !== undefined) this.status.set([key], 'error', Date.now(), error);
    }
    this.#options.onSettled?.({ ports, node: this.#nodeOrBug(), complete });
    const triggerTimesMs = this.#triggerTimesMs.splice(0);
    return { ok: true, complete, changedServicePorts, triggerTimesMs, refused };
  }

  #asFlowsSeeIt(port: ServicePort): ServicePort {
    const destinations = this.#backend.destinations?.(port.key);
    return destinations === undefined ? port : leadingTo(port, destinations);
  }

  #failed(error: unknown, complete: boolean, changedServicePorts: number): SyncResult {
    const affected = [...this.#unprogrammed].filter(([, port]) => port !== undefined).map(([key]) => key);
    this.status.set(affected, 'error', Date.now(), messageOf(error));
    return { ok: false, error, complete, changedServicePorts, triggerTimesMs: [], refused: [] };
  }

  #nodeOrBug(): NodeView {
    if (this.#node === undefined) throw new Error('BUG: compiling without a node');
    return this.#node;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether service ports compiled for one are right for the other. */
function isSameNode(a: NodeView, b: NodeView): boolean {
  const asCompiled = (node: NodeView) => ({ ...node, largeCluster: false, serviceCIDRs: [] });
  return isDeepStrictEqual(asCompiled(a), asCompiled(b));
}
