import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AnswerCache, type CacheLimits } from './answer-cache.ts';
import type { AnswerKind } from './lifetime.ts';

/** Remembers all that was ever stored, and finds out by looking through it. */
class SlowCache {
  readonly #limits: CacheLimits;
  #entries: {
    key: string;
    message: Uint8Array;
    kind: AnswerKind;
    storedMs: number;
    seconds: number;
    hits: number;
    failedMs: number;
  }[] = [];

  constructor(limits: CacheLimits) {
    this.#limits = limits;
  }

  find(key: string, nowMs: number) {
    const entry = this.#entries.find((each) => each.key === key);
    if (entry === undefined) return undefined;
    const ageMs = nowMs - entry.storedMs;
    const lifeMs = entry.seconds * 1000;
    if (ageMs >= lifeMs + (entry.kind === 'failure' ? 0 : this.#limits.staleMs)) {
      this.#entries = this.#entries.filter((each) => each !== entry);
      return undefined;
    }
    this.#entries = [...this.#entries.filter((each) => each !== entry), entry];
    entry.hits += 1;
    const isDue = entry.hits >= 3 && lifeMs - ageMs < lifeMs / 10;
    return {
      message: entry.message,
      freshness: ageMs >= lifeMs ? 'stale' : isDue ? 'due' : 'fresh',
      mayRenew: nowMs >= entry.failedMs + 5_000,
    };
  }

  renewalFailed(key: string, nowMs: number): void {
    for (const entry of this.#entries) if (entry.key === key) entry.failedMs = nowMs;
  }

  store(key: string, message: Uint8Array, kind: AnswerKind, seconds: number, nowMs: number): void {
    const former = this.#entries.find((each) => each.key === key);
    const formerEndMs = (former?.storedMs ?? 0) + (former?.seconds ?? 0) * 1000 + this.#limits.staleMs;
    if (kind === 'failure' && former !== undefined && former.kind !== 'failure' && nowMs < formerEndMs) {
      former.failedMs = nowMs;
      return;
    }
    this.#entries = this.#entries.filter((each) => each !== former);
    if (seconds <= 0 || this.#cost(key, message) > this.#limits.maxBytes) return;
    this.#entries.push({ key, message, kind, storedMs: nowMs, seconds, hits: 0, failedMs: -5_000 });
    while (this.#entries.length > this.#limits.maxEntries || this.bytes > this.#limits.maxBytes)
      this.#entries.shift();
  }

  get bytes(): number {
    return this.#entries.reduce((sum, { key, message }) => sum + this.#cost(key, message), 0);
  }

  #cost(key: string, message: Uint8Array): number {
    return message.length + 2 * key.length + 300;
  }

  get size(): number {
    return this.#entries.length;
  }
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step = fc.oneof(
  fc.record({ do: fc.constant('find' as const), key }),
  fc.record({ do: fc.constant('fail' as const), key }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.oneof(fc.nat(3_000), fc.nat(100_000)) }),
  fc.record({
    do: fc.constant('store' as const),
    key,
    size: fc.oneof(fc.nat(200), fc.nat(3_000)),
    kind: fc.constantFrom<AnswerKind>('success', 'denial', 'failure'),
    seconds: fc.nat(30),
  }),
);
const limits = fc.record({
  maxEntries: fc.nat(5),
  maxBytes: fc.integer({ min: 300, max: 4_000 }),
  staleMs: fc.constantFrom(0, 60_000),
});

it('gives what a slow model gives, and holds no more than it may', () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 60 }), (bounds, steps) => {
      const [cache, model] = [new AnswerCache(bounds), new SlowCache(bounds)];
      let nowMs = 10_000;
      for (const each of steps) {
        if (each.do === 'wait') nowMs += each.ms;
        if (each.do === 'fail') {
          cache.renewalFailed(each.key, nowMs);
          model.renewalFailed(each.key, nowMs);
        }
        if (each.do === 'store') {
          const message = new Uint8Array(each.size);
          cache.store(each.key, message, { kind: each.kind, seconds: each.seconds, maxTtl: 30 }, nowMs);
          model.store(each.key, message, each.kind, each.seconds, nowMs);
        }
        if (each.do === 'find') {
          const found = cache.find(each.key, nowMs);
          const expected = model.find(each.key, nowMs);
          expect(found?.answer.message).toBe(expected?.message);
          expect(found?.freshness).toBe(expected?.freshness);
          expect(found?.mayRenew).toBe(expected?.mayRenew);
        }
        expect([cache.size, cache.bytes]).toEqual([model.size, model.bytes]);
        expect(cache.size).toBeLessThanOrEqual(bounds.maxEntries);
        expect(cache.bytes).toBeLessThanOrEqual(bounds.maxBytes);
      }
    }),
    { numRuns: 1000 },
  );
});
