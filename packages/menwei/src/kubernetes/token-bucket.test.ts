import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

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
