/** What holds for nodes that announce, whatever becomes of their network, their API server and their processes (load-balancer § 11). */
import { FakeCluster } from '@menwei/testing/announce/cluster.ts';
import { aNode } from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const NODES = ['node-1', 'node-2', 'node-3'];
const ADDRESSES = ['192.0.2.100', '192.0.2.101', '2001:db8::100'];
const STEP_MS = 10;
/** From when two nodes can hear each other until one of them is silent: it is claimed again once a second meanwhile, and a defence takes a second. */
const DUEL_MS = 4_000;
/** From when all is well again: a Lease that expires, the proof that it has, and three questions. */
const SILENCE_MS = 10_000;
/** A Lease that expires, and three slow questions, by each of two successors. */
const SETTLE_MS = 45_000;

const fault = fc.oneof(
  fc.record({ what: fc.constant('kill' as const), node: fc.constantFrom(...NODES) }),
  fc.record({ what: fc.constant('start' as const), node: fc.constantFrom(...NODES) }),
  fc.record({ what: fc.constant('stop' as const), node: fc.constantFrom(...NODES) }),
  fc.record({ what: fc.constant('cut from API' as const), node: fc.constantFrom(...NODES) }),
  fc.record({ what: fc.constant('heal API' as const), node: fc.constantFrom(...NODES) }),
  fc.record({ what: fc.constant('drain' as const), node: fc.constantFrom(...NODES) }),
  fc.record({ what: fc.constant('undrain' as const), node: fc.constantFrom(...NODES) }),
  fc.record({ what: fc.constant('no carrier' as const), node: fc.constantFrom(...NODES) }),
  fc.record({ what: fc.constant('carrier' as const), node: fc.constantFrom(...NODES) }),
  fc.record({ what: fc.constant('partition' as const), node: fc.constantFrom(...NODES) }),
  fc.record({ what: fc.constant('heal segment' as const), node: fc.constant('') }),
  fc.record({ what: fc.constant('clock' as const), node: fc.constant('') }),
);
type Fault = typeof fault extends fc.Arbitrary<infer Value> ? Value : never;
const story = fc.array(fc.tuple(fault, fc.integer({ min: 0, max: 9_000 })), { minLength: 1, maxLength: 8 });

class Story {
  readonly cluster = new FakeCluster();
  readonly #apart = new Set<string>();
  /** Since when two nodes that hear each other have answered for an address. */
  readonly #doubleSinceMs = new Map<string, number>();
  longestDoubleMs = 0;
  /** Since when nobody has answered for an address while a node could. */
  readonly #silentSinceMs = new Map<string, number>();
  longestSilenceMs = 0;
  #troubledMs = 0;

  constructor() {
    for (const name of NODES) this.cluster.add(name);
    this.cluster.serve('web', ADDRESSES.slice(0, 1));
    this.cluster.serve('dual', ADDRESSES.slice(1));
  }

  apply({ what, node: name }: Fault): void {
    this.#troubledMs = performance.now();
    const node = this.cluster.nodes.get(name);
    switch (what) {
      case 'kill':
        node?.kill();
        break;
      case 'start':
        if (node?.isDead !== true) break;
        this.cluster.add(name);
        break;
      case 'stop':
        node?.stop();
        void node?.ended.then(() => node.kill());
        break;
      case 'cut from API':
        node?.cutFromApi();
        break;
      case 'heal API':
        node?.healApi();
        break;
      case 'drain':
        this.cluster.api.put(aNode({ name, deleting: true }));
        break;
      case 'undrain':
        this.cluster.api.put(aNode({ name }));
        break;
      case 'no carrier':
        node?.station.wire.change({ unusable: 'it has no carrier' });
        break;
      case 'carrier':
        node?.station.wire.change({ unusable: undefined });
        break;
      case 'partition':
        this.#apart.add(name);
        this.#partition();
        break;
      case 'heal segment':
        this.#apart.clear();
        this.#partition();
        break;
      case 'clock':
        vi.setSystemTime(Date.now() + 3_600_000);
        break;
    }
  }

  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += STEP_MS) {
      await vi.advanceTimersByTimeAsync(STEP_MS);
      this.#look();
    }
  }

  #partition(): void {
    const rest = NODES.filter((name) => !this.#apart.has(name));
    this.cluster.segment.partition(rest, ...[...this.#apart].map((name) => [name]));
    if (this.#apart.size === 0) this.cluster.segment.heal();
  }

  #look(): void {
    const now = performance.now();
    for (const address of ADDRESSES) {
      const all = this.cluster.answering(address);
      const parts = [all.filter((name) => !this.#apart.has(name))];
      const isDouble = parts.some((names) => names.length > 1);
      if (!isDouble) this.#doubleSinceMs.delete(address);
      else if (!this.#doubleSinceMs.has(address)) this.#doubleSinceMs.set(address, now);
      const sinceMs = this.#doubleSinceMs.get(address);
      if (sinceMs !== undefined) this.longestDoubleMs = Math.max(this.longestDoubleMs, now - sinceMs);
      this.#lookForSilence(address, all, now);
    }
  }

  /** From the last fault on, as long as all nodes that live can be reached and may announce. */
  #lookForSilence(address: string, answering: readonly string[], now: number): void {
    const isAnybodyAlive = [...this.cluster.nodes.values()].some(({ isDead }) => !isDead);
    if (answering.length > 0 || !isAnybodyAlive || this.#apart.size > 0) this.#silentSinceMs.delete(address);
    else if (!this.#silentSinceMs.has(address)) this.#silentSinceMs.set(address, now);
    const sinceMs = Math.max(this.#silentSinceMs.get(address) ?? now, this.#troubledMs);
    this.longestSilenceMs = Math.max(this.longestSilenceMs, now - sinceMs);
  }

  /** All is well from now on, but for nodes that are dead. */
  heal(): void {
    this.apply({ what: 'heal segment', node: '' });
    for (const node of NODES) {
      for (const what of ['heal API', 'carrier', 'undrain'] as const) this.apply({ what, node });
    }
  }
}

describe('nodes that announce', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('settle on one node for each address, and none is answered for by two that hear each other', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (steps) => {
        const story = new Story();
        await story.pass(3_000);
        for (const [fault, ms] of steps) {
          story.apply(fault);
          await story.pass(ms);
        }
        story.heal();
        story.longestSilenceMs = 0;
        await story.pass(SETTLE_MS);
        expect(story.longestSilenceMs).toBeLessThanOrEqual(SILENCE_MS);
        expect(story.longestDoubleMs).toBeLessThanOrEqual(DUEL_MS);
        const alive = [...story.cluster.nodes.values()].filter(({ isDead }) => !isDead);
        for (const address of ADDRESSES) {
          expect([address, story.cluster.answering(address).length]).toEqual([
            address,
            Math.min(alive.length, 1),
          ]);
        }
        story.cluster[Symbol.dispose]();
      }),
      { numRuns: Number(process.env.LAW_RUNS ?? 10) },
    );
  }, 120_000);
});
