/**
 * The proxy of one IP family: takes the changed service ports, compiles those, and makes the kernel hold the result.
 *
 * While it knows what the kernel holds, it compares only what changed. When it does not (at the start, after a
 * failure, when somebody else meddled), it first looks, and then compares everything: the same diff, other arguments.
 */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Backend, Partly, Refusal } from '../backends/backend.ts';
import type { Settlement } from '../conntrack/flow-cutter.ts';
import { leadingTo } from '../conntrack/frontends.ts';
import type { Logger } from '../log/logger.ts';
import { Turns } from '../scheduling/turns.ts';
import { compareNodes } from '../services/node-change.ts';
import { isLargeCluster, type NodeView } from '../services/node-view.ts';
import type { ServiceTracker } from '../services/service-tracker.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import { DesiredUnits } from './desired-units.ts';
import { ProblemLog } from './problem-log.ts';
import { RefusedPorts } from './refused-ports.ts';
import { StatusBoard } from './service-port-status.ts';

/** Trigger times of changes that no sync has programmed; what comes after so many is not measured. */
const MAX_TRIGGER_TIMES = 10_000;
const MAX_RETRY_MS = 30_000;
/** Stands for what was refused and belongs to no service port. */
const NOBODY: ServicePortKey = '';

type Ports = ReadonlyMap<ServicePortKey, ServicePort | undefined>;

interface FamilyProxyOptions<Unit, State, Changes> {
  readonly backend: Backend<Unit, State, Changes>;
  /** One that had another proxy before has all its service ports programmed again. */
  readonly tracker: ServiceTracker;
  /** That of the family's former proxy, if there was one. */
  readonly status?: StatusBoard | undefined;
  /** How the node looks now. */
  readonly nodeView: () => NodeView;
  readonly logger: Logger;
  /** Told of every sync that succeeded. */
  readonly onSettled?: ((settlement: Settlement) => void) | undefined;
  /** Longest wait before a refused service port is tried again. */
  readonly maxRetryMs?: number;
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
  /** What the kernel did not take, while all the rest succeeded. */
  readonly refused: readonly Refusal[];
  /** When a sync is due that tries again what was refused; undefined: nothing is. */
  readonly retryInMs: number | undefined;
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

/** What became of the changes of a sync. */
interface RefusedChanges {
  readonly refusals: readonly Refusal[];
  /** By service port, or under NOBODY. */
  readonly reasons: ReadonlyMap<ServicePortKey, string>;
  readonly isKernelKnown: boolean;
}

const NOTHING_REFUSED: RefusedChanges = { refusals: [], reasons: new Map(), isKernelKnown: true };

export class FamilyProxy<Unit, State, Changes> implements Syncable {
  readonly family: IpFamily;
  readonly status: StatusBoard;
  readonly tracker: ServiceTracker;
  readonly #options: FamilyProxyOptions<Unit, State, Changes>;
  readonly #backend: Backend<Unit, State, Changes>;
  readonly #desired: DesiredUnits<Unit, State, Changes>;
  /** For syncs and what the watch looks at or edits between them. */
  readonly #turns = new Turns();
  /** Changed or tried again since the last sync that succeeded; what a failed one leaves, the next one takes up. */
  readonly #unprogrammed = new Map<ServicePortKey, ServicePort | undefined>();
  readonly #refused: RefusedPorts;
  /** Service ports that somebody was told of as settled, and what is still to be told. */
  readonly #told = new Set<ServicePortKey>();
  readonly #untold = new Map<ServicePortKey, ServicePort | undefined>();
  readonly #triggerTimesMs: number[] = [];
  /** For which the plan is compiled. */
  #node: NodeView | undefined;
  #kernelKnown = false;
  /** The last sync has left the kernel unknown. */
  #isLookDue = false;
  /** Since the last sync that succeeded there was reason to doubt all service ports, not just those that changed. */
  #allDoubtful = false;
  /** Somebody meddled after the sync that is on had its look at the kernel. */
  #kernelForgotten = false;

  constructor(options: FamilyProxyOptions<Unit, State, Changes>) {
    this.#options = options;
    this.#backend = options.backend;
    this.#desired = new DesiredUnits(options.backend, options.logger);
    this.#refused = new RefusedPorts(options.maxRetryMs ?? MAX_RETRY_MS);
    this.family = options.backend.family;
    this.tracker = options.tracker;
    this.status = options.status ?? new StatusBoard(this.family, (key) => options.tracker.unmet.get(key));
    for (const [key, port] of this.tracker.ports) this.#unprogrammed.set(key, port);
    for (const { servicePort } of this.status.list())
      if (!this.tracker.ports.has(servicePort)) this.status.remove(servicePort);
  }

  sync(signal: AbortSignal): Promise<SyncResult> {
    return this.#turns.take(async () => {
      const result = await this.#sync(signal);
      this.#isLookDue = !this.#kernelKnown;
      return result;
    });
  }

  forgetKernel(): void {
    this.#allDoubtful = true;
    this.#kernelKnown = false;
    this.#kernelForgotten = true;
  }

  watch(drifted: (what?: string) => void, signal: AbortSignal): Promise<void> {
    // After a sync that failed the kernel differs from what it should be through nobody's fault, and is looked at anyway.
    const heard = (what?: string) => {
      if (!this.#isLookDue) drifted(what);
    };
    return this.#backend.watch(heard, this.#turns.take, signal);
  }

  async #sync(signal: AbortSignal): Promise<SyncResult> {
    const complete = !this.#kernelKnown;
    let changedServicePorts = 0;
    try {
      changedServicePorts = this.#noteChanges();
      const node = this.#nodeView();
      const noted = this.#unprogrammed.size;
      const ports = this.#portsToCompile(node);
      if (ports.size > noted) changedServicePorts = ports.size;
      const units = await this.#desired.compile(ports, node);
      const refused = await this.#program(node, units, signal);
      const retryInMs = this.#succeeded(node, complete, refused);
      const triggerTimesMs = this.#triggerTimesMs.splice(0);
      const { refusals } = refused;
      return { ok: true, complete, changedServicePorts, triggerTimesMs, refused: refusals, retryInMs };
    } catch (error) {
      this.#failed(error);
      const nothing = { triggerTimesMs: [], refused: [], retryInMs: undefined };
      return { ok: false, error, complete, changedServicePorts, ...nothing };
    }
  }

  /** Returns how many service ports have changed. */
  #noteChanges(): number {
    const { ports, problems, triggerTimesMs } = this.tracker.takeChanges();
    for (const [key, port] of ports) {
      this.#unprogrammed.set(key, port);
      if (port === undefined) this.status.remove(key);
      else this.status.set([key], 'pending', Date.now());
    }
    const room = MAX_TRIGGER_TIMES - this.#triggerTimesMs.length;
    this.#triggerTimesMs.push(...triggerTimesMs.slice(0, room));
    const log = new ProblemLog(this.#options.logger);
    for (const problem of problems) log.report(problem);
    log.flush();
    return ports.size;
  }

  #nodeView(): NodeView {
    return { ...this.#options.nodeView(), largeCluster: isLargeCluster(this.tracker.endpointCount) };
  }

  /** The service ports whose units may have changed, and those that are to be tried again. */
  #portsToCompile(node: NodeView): Ports {
    const change = this.#node === undefined ? 'none' : compareNodes(this.#node, node);
    const isAll = this.#desired.startOverIfBroken() || change === 'all';
    if (isAll) this.#allDoubtful = true;
    else if (change !== 'none') {
      for (const [key, port] of this.tracker.ports) if (change(port)) this.#unprogrammed.set(key, port);
    }
    const again = this.#kernelKnown && !isAll ? this.#refused.due(performance.now()) : this.#refused.keys();
    for (const key of [...again, ...(isAll ? this.#desired.unusable.keys() : [])]) {
      if (key !== NOBODY) this.#unprogrammed.set(key, this.tracker.ports.get(key));
    }
    return isAll ? new Map([...this.#unprogrammed, ...this.tracker.ports]) : new Map(this.#unprogrammed);
  }

  async #program(
    node: NodeView,
    units: ReadonlyMap<ServicePortKey, Unit | undefined>,
    signal: AbortSignal,
  ): Promise<RefusedChanges> {
    const change = this.#desired.put(node, units);
    this.#node = node;
    this.#kernelForgotten = false;
    let isAll = !this.#kernelKnown;
    let changes = isAll ? await this.#compareWithKernel(signal) : this.#desired.diff(change);
    // Until the kernel has said yes, nobody knows what it holds.
    this.#kernelKnown = false;
    let refused: RefusedChanges = NOTHING_REFUSED;
    while (!this.#backend.isEmpty(changes)) {
      const outcome = await this.#backend.apply(changes, signal);
      if (outcome === 'applied') break;
      if (outcome !== 'outdated') {
        const keys = isAll ? [...units.keys(), ...this.tracker.ports.keys()] : units.keys();
        refused = this.#hold(node, outcome, new Set(keys));
        break;
      }
      signal.throwIfAborted();
      isAll = true;
      changes = await this.#compareWithKernel(signal);
    }
    this.#kernelKnown = !this.#kernelForgotten && refused.isKernelKnown;
    const tried = isAll ? [...units.keys(), NOBODY] : units.keys();
    this.#refused.settle(tried, new Set(refused.reasons.keys()), performance.now());
    return refused;
  }

  async #compareWithKernel(signal: AbortSignal): Promise<Changes> {
    return await this.#desired.compare(await this.#backend.observe(signal));
  }

  /** The plan says from now on what the kernel has of service ports that were refused something. */
  #hold(node: NodeView, outcome: Partly<Unit>, keys: Iterable<ServicePortKey>): RefusedChanges {
    const { refused: refusals } = outcome;
    const reasons = new Map<ServicePortKey, string>();
    for (const { servicePort, error } of refusals) reasons.set(servicePort ?? NOBODY, error.message);
    const isKernelKnown = outcome.held !== undefined;
    const shared = reasons.get(NOBODY) ?? '';
    const held = new Map<ServicePortKey, Unit | undefined>();
    for (const key of isKernelKnown ? keys : []) {
      const wanted = this.#desired.unit(key);
      const unit = outcome.held?.(key, wanted);
      if (unit === wanted) continue;
      held.set(key, unit);
      if (!reasons.has(key)) reasons.set(key, shared);
    }
    if (held.size > 0) this.#desired.put(node, held);
    // Then it is that of a service port.
    if (isKernelKnown) reasons.delete(NOBODY);
    return { refusals, reasons, isKernelKnown };
  }

  /** Returns when the next sync has to be, if nobody asks for one before. */
  #succeeded(node: NodeView, complete: boolean, { reasons }: RefusedChanges): number | undefined {
    const ports = new Map<ServicePortKey, ServicePort | undefined>();
    for (const [key, port] of this.#unprogrammed) {
      // What can't be used was left as it was.
      if (!this.#desired.unusable.has(key)) ports.set(key, port && this.#asFlowsSeeIt(port));
    }
    for (const key of new Set([...this.#unprogrammed.keys(), ...reasons.keys()])) {
      if (!this.tracker.ports.has(key)) continue;
      const error = reasons.get(key) ?? this.#desired.unusable.get(key);
      this.status.set([key], error === undefined ? 'programmed' : 'error', Date.now(), error);
    }
    this.#unprogrammed.clear();
    this.#allDoubtful = this.#kernelForgotten;
    this.#tellSettled({ ports, node, complete });
    return this.#refused.nextInMs(performance.now());
  }

  #asFlowsSeeIt(port: ServicePort): ServicePort {
    const destinations = this.#backend.destinations?.(port.key);
    return destinations === undefined ? port : leadingTo(port, destinations);
  }

  /** The kernel has what it should have, whatever becomes of this. */
  #tellSettled(settlement: Settlement): void {
    const ports = new Map([...this.#untold, ...settlement.ports]);
    this.#untold.clear();
    for (const [key, port] of ports) {
      if (port === undefined) this.#told.delete(key);
      else this.#told.add(key);
    }
    try {
      this.#options.onSettled?.({ ...settlement, ports });
    } catch (error) {
      for (const [key, port] of ports) this.#untold.set(key, port);
      this.#options.logger.error(
        { family: this.family, err: error },
        'work that follows a sync could not be started; retrying after the next one',
      );
    }
  }

  #failed(error: unknown): void {
    this.#kernelKnown = false;
    if (this.#allDoubtful) for (const [key, port] of this.tracker.ports) this.#unprogrammed.set(key, port);
    for (const [key, port] of this.#unprogrammed) {
      if (port !== undefined) this.status.set([key], 'error', Date.now(), messageOf(error));
      // Came and went while nothing could be done: nobody knows of it.
      else if (!this.#told.has(key) && this.#desired.unit(key) === undefined) this.#unprogrammed.delete(key);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
