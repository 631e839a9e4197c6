/**
 * The proxy of one IP family: takes the changed service ports, compiles those, and makes the kernel hold the result.
 *
 * While it knows what the kernel holds, it compares only what changed. When it does not (at the start, after a
 * failure, when somebody else meddled), it first looks, and then compares everything: the same diff, other arguments.
 */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Backend, Partly, TrafficOfPorts } from '../backends/backend.ts';
import type { Logger } from '../log/logger.ts';
import { inTurns } from '../scheduling/event-loop.ts';
import { Turns } from '../scheduling/turns.ts';
import { compareNodes } from '../services/node-change.ts';
import { isLargeCluster, type NodeView } from '../services/node-view.ts';
import { type PendingChanges, ServiceTracker } from '../services/service-tracker.ts';
import { SlowStarts } from '../services/slow-start.ts';
import type { ServiceRules } from '../services/wanted-port.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import type { Reader } from '../state/reader.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import type { State as SharedState } from '../state/state.ts';
import { logKernelChanges, logServicePorts } from './change-log.ts';
import { DesiredUnits } from './desired-units.ts';
import { FamilyRecord } from './family-record.ts';
import { compareNowAndThen } from './periodic-comparison.ts';
import { ProblemLog } from './problem-log.ts';
import { NOBODY, NOTHING_REFUSED, type RefusedChanges, readRefusals } from './refused-changes.ts';
import { RefusedPorts } from './refused-ports.ts';
import { SyncMeasures } from './sync-measures.ts';
import type { Syncable, SyncResult } from './syncable.ts';

const MAX_RETRY_MS = 30_000;

type Ports = ReadonlyMap<ServicePortKey, ServicePort | undefined>;

interface FamilyProxyOptions<Unit, State, Changes> {
  readonly backend: Backend<Unit, State, Changes>;
  /** Where the objects are, and what becomes of them is written. */
  readonly state: SharedState;
  /** See ServiceTracker. */
  readonly startedAtMs: number;
  readonly rules?: ServiceRules;
  /** How the node looks now. */
  readonly nodeView: () => NodeView;
  readonly logger: Logger;
  /** Longest wait before a refused service port is tried again. */
  readonly maxRetryMs?: number;
  /**
   * How often all that the kernel holds is compared with what was left in it while it is watched, for what no watch notices;
   * never, unless told.
   */
  readonly compareEveryMs?: number | undefined;
}

export class FamilyProxy<Unit, State, Changes> implements Syncable {
  readonly family: IpFamily;
  readonly state: SharedState;
  readonly #options: FamilyProxyOptions<Unit, State, Changes>;
  readonly #backend: Backend<Unit, State, Changes>;
  readonly #desired: DesiredUnits<Unit, State, Changes>;
  readonly #tables: FamilyTables;
  readonly #record: FamilyRecord;
  readonly #tracker: ServiceTracker;
  readonly #servicePorts: Reader<ServicePort>;
  readonly #unmet: Reader<string>;
  /** For syncs and what the watch looks at or edits between them. */
  readonly #turns = new Turns();
  /** Changed or tried again since the last sync that succeeded; what a failed one leaves, the next one takes up. */
  readonly #unprogrammed = new Map<ServicePortKey, ServicePort | undefined>();
  readonly #refused: RefusedPorts;
  readonly #slowStarts = new SlowStarts();
  readonly #measures = new SyncMeasures();
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
    const { state, startedAtMs, rules = {} } = options;
    this.state = state;
    this.#tables = state.families[this.family];
    this.#record = new FamilyRecord(this.#tables);
    const { objects } = state;
    this.#tracker = new ServiceTracker({ objects, tables: this.#tables, startedAtMs, rules });
    this.#servicePorts = this.#tables.servicePorts.reader();
    this.#unmet = this.#tables.unmet.reader();
  }

  onTouched(listener: () => void): void {
    this.#tracker.onTouched(() => {
      this.#measures.touched();
      listener();
    });
  }

  get pendingChanges(): PendingChanges {
    return this.#tracker.pendingChanges;
  }

  async observeTraffic(signal: AbortSignal): Promise<TrafficOfPorts | undefined> {
    return await this.#backend.observeTraffic?.(this.#desired.plan, signal);
  }

  /** Follows the objects no longer, and closes its backend. What it has written stays. */
  close(): void {
    for (const each of [this.#tracker, this.#servicePorts, this.#unmet]) each.close();
    this.#backend.close?.();
  }

  sync(signal: AbortSignal): Promise<SyncResult> {
    return this.#turns.take(async () => {
      const startedMs = performance.now();
      this.#measures.begun();
      const result = await this.#sync(signal);
      this.#isLookDue = !this.#kernelKnown;
      this.#record.synced({
        // Who writes nothing holds nothing.
        ...this.#measures.ended(result, this.#backend.countWritten && this.#desired.plan.ruleCounts?.()),
        seconds: (performance.now() - startedMs) / 1000,
        node: this.#node,
      });
      return result;
    });
  }

  forgetKernel(): void {
    this.#allDoubtful = true;
    this.#kernelKnown = false;
    this.#kernelForgotten = true;
  }

  async watch(drifted: (what?: string) => void, signal: AbortSignal): Promise<void> {
    // After a sync that failed the kernel differs from what it should be through nobody's fault, and is looked at anyway.
    const heard = (what?: string) => {
      if (!this.#isLookDue) drifted(what);
    };
    const left = () => (this.#kernelKnown ? this.#desired.plan : undefined);
    const end = new AbortController();
    const ended = AbortSignal.any([signal, end.signal]);
    const { compareEveryMs: everyMs = Number.POSITIVE_INFINITY } = this.#options;
    const find = (over: AbortSignal) => this.#findUnnoticed(over);
    const comparing = compareNowAndThen({ everyMs, inTurn: this.#turns.take, find }, drifted, ended);
    try {
      await this.#backend.watch({ drifted: heard, inTurn: this.#turns.take, left }, ended);
    } finally {
      end.abort();
      await comparing;
    }
  }

  /** What would put right what the kernel holds, line by line; undefined: it is right, or a sync is going to look anyway. */
  async #findUnnoticed(signal: AbortSignal): Promise<readonly string[] | undefined> {
    if (!this.#kernelKnown) return undefined;
    const changes = await this.#compareWithKernel(signal);
    if (this.#backend.isEmpty(changes)) return undefined;
    return this.#backend.format(changes).split('\n').filter(Boolean);
  }

  async #sync(signal: AbortSignal): Promise<SyncResult> {
    const complete = !this.#kernelKnown;
    let changedServicePorts = 0;
    try {
      changedServicePorts = await this.#noteChanges();
      const node = this.#nodeView();
      const noted = this.#unprogrammed.size;
      const ports = this.#portsToCompile(node);
      if (ports.size > noted) changedServicePorts = ports.size;
      const units = await this.#desired.compile(this.#pace(ports, node), node);
      const refused = await this.#program(node, units, signal);
      const retryInMs = this.#succeeded(refused);
      return { ok: true, complete, changedServicePorts, refused: refused.refusals, retryInMs };
    } catch (error) {
      this.#failed(error);
      return { ok: false, error, complete, changedServicePorts, refused: [], retryInMs: undefined };
    }
  }

  /** Returns how many service ports have changed. */
  async #noteChanges(): Promise<number> {
    const { problems, triggerTimesMs } = await inTurns(this.#tracker.updateInSteps());
    const changes = this.#servicePorts.take();
    logServicePorts(this.#options.logger, this.family, changes);
    for (const { key, after } of changes) {
      this.#unprogrammed.set(key, after);
      this.#record.changed(key, after);
    }
    this.#measures.taken(triggerTimesMs);
    const log = new ProblemLog(this.#options.logger);
    for (const problem of problems) log.report(problem);
    log.flush();
    return changes.length;
  }

  #nodeView(): NodeView {
    return { ...this.#options.nodeView(), largeCluster: isLargeCluster(this.#tracker.endpointCount) };
  }

  /** The service ports whose units may have changed, and those that are to be tried again. */
  #portsToCompile(node: NodeView): Ports {
    const change = this.#node === undefined ? 'none' : compareNodes(this.#node, node);
    const isAll = this.#desired.startOverIfBroken() || change === 'all';
    if (isAll) this.#allDoubtful = true;
    else if (change !== 'none') {
      for (const [key, port] of this.#tables.servicePorts.rows)
        if (change(port)) this.#unprogrammed.set(key, port);
    }
    const again = this.#kernelKnown && !isAll ? this.#refused.due(performance.now()) : this.#refused.keys();
    for (const key of [...again, ...(isAll ? this.#desired.unusable.keys() : [])]) {
      if (key !== NOBODY) this.#unprogrammed.set(key, this.#tables.servicePorts.rows.get(key));
    }
    return isAll
      ? new Map([...this.#unprogrammed, ...this.#tables.servicePorts.rows])
      : new Map(this.#unprogrammed);
  }

  /** As they are to be compiled now, and with those that a slow start takes on. */
  #pace(ports: Ports, node: NodeView): Ports {
    const nowMs = performance.now();
    const paced = new Map(ports);
    for (const key of this.#slowStarts.due(nowMs)) {
      if (!paced.has(key)) paced.set(key, this.#tables.servicePorts.rows.get(key));
    }
    for (const [key, port] of paced) {
      if (port === undefined) this.#slowStarts.forget(key);
      else paced.set(key, this.#slowStarts.pace(port, node, nowMs));
    }
    return paced;
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
    this.#measures.writes(this.#backend.countWritten?.(changes));
    // Until the kernel has said yes, nobody knows what it holds.
    this.#kernelKnown = false;
    let refused: RefusedChanges = NOTHING_REFUSED;
    while (!this.#backend.isEmpty(changes)) {
      logKernelChanges(this.#options.logger, this.family, () => this.#backend.format(changes));
      const outcome = await this.#backend.apply(changes, signal);
      if (outcome === 'applied') break;
      if (outcome !== 'outdated') {
        const keys = isAll ? [...units.keys(), ...this.#tables.servicePorts.rows.keys()] : units.keys();
        refused = this.#hold(node, outcome, new Set(keys));
        break;
      }
      signal.throwIfAborted();
      isAll = true;
      changes = await this.#compareWithKernel(signal);
      this.#measures.writes(this.#backend.countWritten?.(changes));
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
    const { held, ...refused } = readRefusals(outcome, keys, this.#desired);
    if (held.size > 0) this.#desired.put(node, held);
    return refused;
  }

  /** Returns when the next sync has to be, if nobody asks for one before. */
  #succeeded({ reasons }: RefusedChanges): number | undefined {
    for (const [key, port] of this.#unprogrammed) {
      // What can't be used was left as it was.
      if (this.#desired.unusable.has(key)) continue;
      this.#record.applied(key, port, port && this.#desired.plan.destinations?.(key));
    }
    const concerned = [...this.#unmet.take().map(({ key }) => key), ...this.#unprogrammed.keys()];
    for (const key of new Set([...concerned, ...reasons.keys()])) {
      const { servicePorts, unmet } = this.#tables;
      if (!servicePorts.rows.has(key)) continue;
      const error = reasons.get(key) ?? this.#desired.unusable.get(key) ?? unmet.get(key);
      this.#record.settled(key, error, this.#desired.passedOver.get(key));
    }
    this.#unprogrammed.clear();
    this.#allDoubtful = this.#kernelForgotten;
    const nowMs = performance.now();
    const next = [this.#refused.nextInMs(nowMs), this.#slowStarts.nextInMs(nowMs)].filter(
      (ms) => ms !== undefined,
    );
    return next.length === 0 ? undefined : Math.min(...next);
  }

  #failed(error: unknown): void {
    this.#kernelKnown = false;
    if (this.#allDoubtful)
      for (const [key, port] of this.#tables.servicePorts.rows) this.#unprogrammed.set(key, port);
    for (const [key, port] of this.#unprogrammed) {
      if (port !== undefined) this.#record.failed(key, messageOf(error));
      // Came and went while nothing could be done: nobody knows of it.
      else if (!this.#record.isApplied(key) && this.#desired.unit(key) === undefined)
        this.#unprogrammed.delete(key);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
