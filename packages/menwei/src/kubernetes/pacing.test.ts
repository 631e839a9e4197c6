import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';
import { TokenBucket } from './token-bucket.ts';
import { Turn } from './turn.ts';

describe('Backoff', () => {
  it('doubles up to the cap and starts anew after a reset', () => {
    const backoff = new Backoff({ startMs: 800, capMs: 3000 }, () => 0);
    expect([1, 2, 3, 4].map(() => backoff.nextMs())).toEqual([800, 1600, 3000, 3000]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(800);
  });

  it('spreads each wait over its upper half', () => {
    expect(new Backoff({ startMs: 800, capMs: 3000 }, () => 0.999).nextMs()).toBeCloseTo(400, -1);
  });

  it('waits at least as long as the server asks', () => {
    expect(new Backoff({ startMs: 800, capMs: 3000 }).nextMs(7000)).toBe(7000);
  });
});

describe('TokenBucket', () => {
  it('lets a burst through and then paces', () => {
    let nowMs = 0;
    const bucket = new TokenBucket(5, 2, () => nowMs);
    expect([1, 2, 3, 4].map(() => bucket.reserveMs())).toEqual([0, 0, 200, 400]);
    nowMs = 10_000;
    expect([1, 2, 3].map(() => bucket.reserveMs())).toEqual([0, 0, 200]);
  });

  it('has no limit when qps is negative', () => {
    const bucket = new TokenBucket(-1, 1, () => 0);
    expect([1, 2, 3].map(() => bucket.reserveMs())).toEqual([0, 0, 0]);
  });

  it('lets go of a waiting taker', async () => {
    const bucket = new TokenBucket(0.001, 1);
    bucket.reserveMs();
    await expect(bucket.take(AbortSignal.timeout(5))).rejects.toThrow();
  });
});

describe('Turn', () => {
  it('lets other work run after some milliseconds', async () => {
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    const turn = new Turn();
    await turn.rest();
    expect(turned).toBe(false);
    for (const untilMs = performance.now() + 15; performance.now() < untilMs; );
    await turn.rest();
    expect(turned).toBe(true);
  });
});
