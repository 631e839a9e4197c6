/**
 * The laws of a proxy that runs: several syncs in a row of objects that come and go, with the watch on, while operations
 * of the kernel fail, changes are refused, others meddle and the program itself makes mistakes. The same for every mode
 * and on whatever kernel. Only tests import this file.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import fc from 'fast-check';
import type { Backend } from 'menwei/backends/backend.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { FamilyProxy } from 'menwei/proxy/family-proxy.ts';
import type { SyncResult } from 'menwei/proxy/syncable.ts';
import type { FamilyTables } from 'menwei/state/family-tables.ts';
import type { ServicePort, ServicePortKey } from 'menwei/state/service-port.ts';
import { State as SharedState } from 'menwei/state/state.ts';
import { expect, it } from 'vitest';
import { ADDRESSES } from '../services/arbitraries.ts';
import { type ObjectEvent, objectEvents } from '../services/object-arbitraries.ts';
import { aNodeView, aService, aSlice } from '../services/testing.ts';
import { MistakenBackend } from './mistaken-backend.ts';

interface LoopFaults {
  /** Called before each operation of the kernel. */
  onNext: () => void;
  next(): 'none' | 'before' | 'halfway' | 'after';
  suspend<T>(work: () => Promise<T>): Promise<T>;
  stop(): void;
}

/** A mode on a kernel, as the laws are tried on it. */
export interface LoopBench<Unit, State, Changes> {
  /** Its interfaces to the kernel fail now and then; its watch looks often. */
  readonly backend: Backend<Unit, State, Changes>;
  /** Has the same kernel before it, and nothing to do with the former. */
  readonly observer: Backend<Unit, State, Changes>;
  readonly faults: LoopFaults;
  /** Of the program. */
  readonly mistakes: LoopFaults;
  /** Whether the watch can be on: that of a fake may need a real kernel. */
  readonly hasWatch: boolean;
  /** What changes by itself between syncs, such as connections that end. */
  readonly between?: (random: number) => Promise<void>;
  /** Somebody else damages what is ours. */
  readonly meddle?: (random: number) => Promise<void>;
  /** What others have there, which must stay as it is: text to compare. */
  readonly foreign?: () => Promise<string>;
  /** Of a unit that can't be had as a whole, since somebody else has a part of it. */
  readonly isRefusedForGood?: (unit: Unit) => boolean;
}

interface LoopLaws<Unit, State, Changes> {
  readonly open: (family: IpFamily, seed: number) => Promise<LoopBench<Unit, State, Changes>>;
  readonly runs: { readonly numRuns: number; readonly seed?: number };
  /** So long the watch has between two syncs. */
  readonly pauseMs: number;
}

interface Step {
  readonly events: readonly ObjectEvent[];
  /** 0 up to 1. */
  readonly random: number;
  /** So long the watch knows of what changed by itself before the sync begins. */
  readonly headStartMs: number;
  readonly isMeddled: boolean;
  /** The endpoints of a Service that is there all the time: they go, and come back. */
  readonly pods: readonly number[];
  readonly zone: 'a' | 'b' | undefined;
}

function steps(family: IpFamily): fc.Arbitrary<readonly Step[]> {
  const step = fc.record({
    events: fc.array(objectEvents(family), { maxLength: 4 }),
    random: fc.nat({ max: 999 }).map((number) => number / 1_000),
    headStartMs: fc.nat({ max: 3 }),
    isMeddled: fc.integer({ max: 5, min: 0 }).map((number) => number === 0),
    pods: fc.subarray([1, 2, 3, 4]),
    zone: fc.constantFrom(undefined, undefined, undefined, 'a' as const, 'b' as const),
  });
  return fc.array(step, { minLength: 4, maxLength: 14 });
}

export function describeLoopLaws<Unit, State, Changes>(
  title: string,
  { open, runs, pauseMs }: LoopLaws<Unit, State, Changes>,
): void {
  it.each(IP_FAMILIES)(
    `${title} knows what the kernel holds and tells the truth, whatever fails from sync to sync, %s`,
    async (family) => {
      await fc.assert(
        fc.asyncProperty(steps(family), fc.nat(), async (history, seed) => {
          const loop = new Loop(await open(family, seed), pauseMs);
          try {
            for (const step of history) await loop.take(step);
            await loop.finish();
          } finally {
            await loop.end();
          }
        }),
        // A smaller example would take minutes to find.
        { ...runs, endOnFailure: true },
      );
    },
    300_000,
  );
}

class Loop<Unit, State, Changes> {
  readonly #bench: LoopBench<Unit, State, Changes>;
  readonly #pauseMs: number;
  readonly #backend: MistakenBackend<Unit, State, Changes>;
  readonly #state: SharedState;
  readonly #proxy: FamilyProxy<Unit, State, Changes>;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  /** As they were when they were programmed. */
  readonly #programmed = new Map<ServicePortKey, ServicePort>();
  readonly #alarms: string[] = [];
  #zone = 'a';
  #foreign: string | undefined;
  #isMeddled = false;
  #isKernelKnown = false;

  constructor(bench: LoopBench<Unit, State, Changes>, pauseMs: number) {
    const { family } = bench.backend;
    this.#bench = bench;
    this.#pauseMs = pauseMs;
    this.#backend = new MistakenBackend(bench.backend, bench.mistakes);
    bench.faults.onNext = () => this.#backend.noteCall();
    this.#state = new SharedState('node-a');
    this.#proxy = new FamilyProxy({
      backend: this.#backend,
      state: this.#state,
      startedAtMs: 0,
      nodeView: () => aNodeView({ family, zone: this.#zone }),
      logger: silentLogger,
      // What was refused is due at the next sync.
      maxRetryMs: 0,
    });
    this.#watching = bench.hasWatch ? this.#watch() : Promise.resolve();
  }

  async take({ events, random, headStartMs, isMeddled, pods, zone }: Step): Promise<void> {
    const { between, meddle, faults } = this.#bench;
    await faults.suspend(async () => {
      this.#foreign ??= await this.#bench.foreign?.();
      await between?.(random);
      if (isMeddled && meddle !== undefined) {
        this.#isMeddled = true;
        await meddle(random);
      }
    });
    await sleep(headStartMs);
    for (const { verb, object } of events) this.#change(verb, object);
    this.#setPods(pods);
    if (zone !== undefined) this.#zone = zone;
    await this.#sync();
    await sleep(this.#pauseMs);
    await this.#checkForeign();
  }

  /** Without faults everything is as it should be in the end. */
  async finish(): Promise<void> {
    this.#bench.faults.stop();
    this.#bench.mistakes.stop();
    // Who could not be compiled is left until something changes.
    this.#zone = 'end';
    if (this.#isMeddled) this.#forget();
    await this.#sync();
    await sleep(this.#pauseMs);
    const result = await this.#sync();
    expect(result).toMatchObject({ ok: true });
    const { isRefusedForGood = () => false } = this.#bench;
    for (const { servicePort, state, error } of this.#tables.status.rows.values()) {
      const unit = this.#compile(servicePort);
      const isContested = this.#tables.unmet.rows.has(servicePort);
      const isRefused = unit !== undefined && isRefusedForGood(unit);
      const wanted = isRefused || isContested ? 'error' : 'programmed';
      expect({ servicePort, state, error }).toMatchObject({ servicePort, state: wanted });
    }
    await this.#checkForeign();
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  #setPods(pods: readonly number[]): void {
    const { family } = this.#bench.backend;
    const { pod, service } = ADDRESSES[family];
    const names = { namespace: 'steady', name: 'steady' };
    this.#change('upsert', aService({ ...names, clusterIPs: { [family]: `${service}9` } }));
    const endpoints = pods.map((number) => `${pod}${number}`);
    this.#change('upsert', aSlice({ ...names, serviceName: 'steady', addressType: family, endpoints }));
  }

  #change(verb: ObjectEvent['verb'], object: ObjectEvent['object']): void {
    const { objects } = this.#state;
    if (verb === 'upsert') objects.put(object);
    else objects.delete(object);
  }

  get #tables(): FamilyTables {
    return this.#state.families[this.#bench.backend.family];
  }

  async #watch(): Promise<void> {
    const drifted = (what?: string) => {
      if (what !== undefined && !this.#isMeddled) this.#alarms.push(what);
      this.#forget();
    };
    while (!this.#stop.signal.aborted) {
      await this.#proxy.watch(drifted, this.#stop.signal).catch(() => undefined);
    }
  }

  #forget(): void {
    this.#isKernelKnown = false;
    this.#proxy.forgetKernel();
  }

  async #sync(): Promise<SyncResult> {
    const [wasKnown, observations] = [this.#isKernelKnown, this.#backend.observations];
    this.#backend.begin();
    // A watch that finds something from now on, means what comes after.
    this.#isKernelKnown = true;
    const result = await this.#proxy.sync(this.#stop.signal);
    if (wasKnown && this.#isKernelKnown && !this.#backend.wasOutdated) {
      expect(this.#backend.observations, 'looked at everything without need').toBe(observations);
    }
    const { outcome } = this.#backend;
    if (!result.ok) this.#isKernelKnown = false;
    else if (typeof outcome === 'object') {
      expect(outcome.held, 'one refused service port leaves the kernel unknown').toBeDefined();
    }
    expect(this.#alarms).toEqual([]);
    expect(this.#backend.breaches, 'something was done out of turn').toEqual([]);
    this.#checkStatus(result);
    if (!result.ok) return result;
    if (result.complete) this.#isMeddled = false;
    await this.#checkBelief();
    return result;
  }

  /** What failed is not reported as programmed, and what is, is in the plan. */
  #checkStatus({ ok }: SyncResult): void {
    for (const { servicePort, state } of this.#tables.status.rows.values()) {
      const port = this.#tables.servicePorts.get(servicePort);
      if (port === undefined) throw new Error(`BUG: the status of ${servicePort}, which is gone`);
      expect(state).not.toBe('pending');
      if (state !== 'programmed') continue;
      if (!ok) {
        expect(this.#programmed.get(servicePort), `${servicePort} was never programmed so`).toBe(port);
        continue;
      }
      this.#programmed.set(servicePort, port);
      expect(this.#backend.lastPlan?.unit(servicePort)).toEqual(this.#compile(servicePort));
    }
  }

  /** As it stands in the plan where there is more than one way. */
  #compile(key: ServicePortKey): Unit | undefined {
    const port = this.#tables.servicePorts.get(key);
    const { observer } = this.#bench;
    if (port === undefined) return undefined;
    const node = aNodeView({ family: observer.family, zone: this.#zone });
    return observer.compile(port, node, this.#backend.lastPlan?.unit(key));
  }

  /** The next partial sync compares with what the plan says: that must be what the kernel holds. */
  async #checkBelief(): Promise<void> {
    const { observer, faults } = this.#bench;
    const plan = this.#backend.lastPlan;
    if (this.#isMeddled || !this.#isKernelKnown || plan === undefined) return;
    const remainder = await faults.suspend(async () => {
      return observer.format(observer.diff(await observer.observe(this.#stop.signal), plan.complete()));
    });
    if (this.#isKernelKnown) expect(remainder).toBe('');
  }

  async #checkForeign(): Promise<void> {
    const { foreign, faults } = this.#bench;
    if (foreign !== undefined) expect(await faults.suspend(foreign)).toBe(this.#foreign);
  }
}
