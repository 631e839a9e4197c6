import { describe, expect, it } from 'vitest';
import { inTurns } from './event-loop.ts';
import { atOnce, done, type Steps } from './steps.ts';

/** Steps of six milliseconds each. */
function* slow(count: number): Steps<number> {
  for (let step = 1; step <= count; step++) {
    for (const untilMs = performance.now() + 6; performance.now() < untilMs; );
    yield;
  }
  return count;
}

/** How often the event loop turned meanwhile. */
async function turnsDuring(work: () => unknown): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await work();
  isOver = true;
  return turns;
}

describe('steps', () => {
  it('give their result at once, or in turns', async () => {
    expect(atOnce(slow(1))).toBe(1);
    expect(await inTurns(slow(1))).toBe(1);
    expect(atOnce(done('so'))).toBe('so');
    expect(await inTurns(done('so'))).toBe('so');
  });

  it('hold up others only at once', async () => {
    expect(await turnsDuring(() => atOnce(slow(6)))).toBe(0);
    expect(await turnsDuring(() => inTurns(slow(6)))).toBeGreaterThan(1);
  });

  it('tell what went wrong to whoever drives them', async () => {
    // biome-ignore lint/correctness/useYield: it fails before it could.
    function* wrong(): Steps<void> {
      throw new Error('no');
    }
    expect(() => atOnce(wrong())).toThrow('no');
    await expect(inTurns(wrong())).rejects.toThrow('no');
  });
});
