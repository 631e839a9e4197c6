/** A proxy of one mode that runs in this process, may die at any operation, and may be asked whether it is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { runFamilies } from '@menwei/testing/proxy/run-families.ts';
import { aNodeView } from '@menwei/testing/services/testing.ts';
import type { ProxyMode } from 'menwei/config/settings.ts';
import { ProxyHealth } from 'menwei/health/proxy-health.ts';
import type { Logger } from 'menwei/log/logger.ts';
import { FamilyProxy } from 'menwei/proxy/family-proxy.ts';
import { ServiceProxy } from 'menwei/proxy/service-proxy.ts';
import type { Syncable, SyncResult } from 'menwei/proxy/syncable.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import type { ServicePortStatus } from 'menwei/state/service-port-status.ts';
import { State } from 'menwei/state/state.ts';
import type { Dice } from './dice.ts';
import { type Engine, openEngine } from './engine.ts';
import { Gate } from './gate.ts';
import { NODE, NODE_IPS, POD_RANGES } from './site.ts';
import type { World } from './world.ts';

/** One kernel operation in ten. */
const FAULT_RATE = 0.1;
const RETRY_MS = 40;
const MIN_SYNC_PERIODS_MS = [0, 5, 20];
/** Together they are longer than any pause between two syncs of which one leads to the other. */
const QUIET_TURNS = 10;
const TURN_MS = 8;
const LINES_KEPT = 12;

export function nodeView(family: IpFamily): NodeView {
  return aNodeView({
    name: NODE,
    family,
    ip: NODE_IPS[family],
    detectLocal: { by: 'cidr', cidr: POD_RANGES[family] },
    localAddresses: [NODE_IPS[family]],
  });
}

interface ProxyOptions {
  readonly mode: ProxyMode;
  readonly dice: Dice;
  readonly world: World;
  readonly watchMs: number;
}

export class StressProxy {
  readonly gate: Gate;
  readonly engine: Engine;
  readonly #world: World;
  readonly #state = new State(NODE);
  readonly #proxy: ServiceProxy;
  readonly #watched: readonly WatchedFamily[];
  readonly #end = new AbortController();
  readonly #running: Promise<unknown>;
  readonly #lines: readonly string[];
  #failure: unknown;

  private constructor(dice: Dice, world: World, engine: Engine, gate: Gate, logger: Logger, lines: string[]) {
    this.gate = gate;
    this.engine = engine;
    this.#world = world;
    this.#lines = lines;
    this.#watched = engine.backends.map((backend) => {
      const { family } = backend;
      const proxy = new FamilyProxy({
        backend,
        state: this.#state,
        startedAtMs: 0,
        nodeView: () => nodeView(family),
        logger,
      });
      return new WatchedFamily(proxy);
    });
    const periods = { minSyncPeriodMs: dice.pick(MIN_SYNC_PERIODS_MS), syncPeriodMs: RETRY_MS };
    this.#proxy = new ServiceProxy({
      families: this.#watched,
      state: this.#state,
      health: new ProxyHealth(60_000),
      logger,
      periods: () => periods,
      nodeGraceMs: 0,
    });
    const families = this.#watched.map(({ family }) => family);
    this.#running = runFamilies(this.#proxy, families, logger, this.#end.signal).catch((error: unknown) => {
      this.#failure = error;
    });
    const { objects } = this.#state;
    world.tellAll(objects);
    world.listeners.add(objects);
    objects.syncedSources.put('world', { sinceMs: Date.now() });
  }

  static async start({ mode, dice, world, watchMs }: ProxyOptions): Promise<StressProxy> {
    const gate = new Gate(dice, FAULT_RATE);
    const lines: string[] = [];
    const logger = keeping(lines);
    const engine = await openEngine({ mode, gate, logger, watchMs });
    return new StressProxy(dice, world, engine, gate, logger, lines);
  }

  /** Where the service ports stand. */
  status(): readonly ServicePortStatus[] {
    return Object.values(this.#state.families).flatMap(({ status }) => [...status.rows.values()]);
  }

  /** Resolves as soon as nothing is left to do for it. */
  async settle(withinMs: number): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    // Turns of the event loop instead of time: on a busy machine one of them may take longer than any pause.
    let quietTurns = 0;
    while (quietTurns < QUIET_TURNS) {
      await sleep(TURN_MS);
      this.expectRunning();
      quietTurns = this.#watched.every(({ isDone }) => isDone) ? quietTurns + 1 : 0;
      if (performance.now() > deadlineMs) {
        throw new Error(`it is not done after ${withinMs} ms:\n${this.account()}`);
      }
    }
  }

  /** Throws if the proxy has come to its end by itself. */
  expectRunning(): void {
    if (this.#failure !== undefined)
      throw new Error(`the proxy ended: ${this.#failure}`, { cause: this.#failure });
  }

  /** What it says of itself, for who wants to know what went wrong. */
  account(): string {
    const bad = this.status().filter(({ state }) => state !== 'programmed');
    const statuses = bad.map(
      ({ family, servicePort, state, error }) => `${family} ${servicePort}: ${state} ${error}`,
    );
    return [...statuses, ...this.#lines.slice(-LINES_KEPT)].join('\n');
  }

  /** The proxy dies with the operation that is the so-manieth from now. */
  dieAfter(operations: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gate.dieAfter(operations, () => {
      this.#end.abort();
      resolve();
    });
    return promise;
  }

  /** Nothing of it goes on. Its rules stay in place. */
  async end(): Promise<void> {
    if (!this.gate.isDead) this.gate.die();
    this.#world.listeners.delete(this.#state.objects);
    this.#end.abort();
    await this.#running;
    await this.engine[Symbol.asyncDispose]();
  }
}

/** A family whose syncs are watched. */
class WatchedFamily implements Syncable {
  readonly #inner: Syncable;
  #isBusy = false;
  #last: SyncResult | undefined;

  constructor(inner: Syncable) {
    this.#inner = inner;
  }

  get family() {
    return this.#inner.family;
  }

  onTouched(listener: () => void): void {
    this.#inner.onTouched(listener);
  }

  observeTraffic(signal: AbortSignal) {
    return this.#inner.observeTraffic(signal);
  }

  get pendingChanges() {
    return this.#inner.pendingChanges;
  }

  /** The last sync left nothing to be tried again. */
  get isDone(): boolean {
    return !this.#isBusy && this.#last?.ok === true && this.#last.refused.length === 0;
  }

  async sync(signal: AbortSignal): Promise<SyncResult> {
    this.#isBusy = true;
    try {
      this.#last = await this.#inner.sync(signal);
      return this.#last;
    } finally {
      this.#isBusy = false;
    }
  }

  forgetKernel(): void {
    this.#inner.forgetKernel();
  }

  watch(drifted: (what?: string) => void, signal: AbortSignal): Promise<void> {
    return this.#inner.watch(drifted, signal);
  }
}

function keeping(lines: string[]): Logger {
  const keep = (fields: object, message: string) => {
    const error = 'err' in fields ? ` ${fields.err}` : '';
    const { error: _, ...others } = { error: undefined, ...fields };
    lines.push(`${message} ${JSON.stringify(others)}${error}`);
  };
  return { verbosity: 0, verbose: () => undefined, info: keep, warn: keep, error: keep };
}
