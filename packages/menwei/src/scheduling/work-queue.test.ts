import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WorkQueue } from './work-queue.ts';

let queue: WorkQueue;
let failures: string[];
let stop: AbortController;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  failures = [];
  stop = new AbortController();
  queue = new WorkQueue({
    retry: { firstMs: 1000, maxMs: 4000 },
    onFailure: (key, error, retryMs) => failures.push(`${key} ${error} ${retryMs}`),
  });
});

afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('a work queue', () => {
  it('works on each key once, in the order in which they came', async () => {
    const worked: string[] = [];
    for (const key of ['a', 'b', 'a', 'c']) queue.add(key);
    const running = queue.run(async (key) => void worked.push(key), stop.signal);
    await turns();
    queue.add('b');
    await turns();
    expect(worked).toEqual(['a', 'b', 'c', 'b']);
    stop.abort();
    await running;
  });

  it('works on a key once at a time, and once more when it was added meanwhile', async () => {
    const worked: string[] = [];
    const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const running = queue.run(async (key) => {
      worked.push(key);
      await ends[worked.length - 1]?.promise;
    }, stop.signal);
    queue.add('a');
    await turns();
    queue.add('a');
    queue.add('a');
    await turns();
    expect(worked).toEqual(['a']);
    ends[0]?.resolve();
    await turns();
    expect(worked).toEqual(['a', 'a']);
    ends[1]?.resolve();
    stop.abort();
    await running;
    expect(worked).toHaveLength(2);
  });

  it('tries again what has failed, later each time, and goes on with the rest', async () => {
    const worked: string[] = [];
    const running = queue.run(async (key) => {
      worked.push(key);
      if (key === 'bad' && worked.filter((each) => each === 'bad').length <= 4) throw new Error('no');
    }, stop.signal);
    queue.add('bad');
    queue.add('good');
    await turns();
    for (const second of [1, 2, 4, 4]) {
      await vi.advanceTimersByTimeAsync(second * 1000 - 1);
      const before = worked.length;
      await vi.advanceTimersByTimeAsync(1);
      await turns();
      expect(worked.length).toBe(before + 1);
    }
    expect(failures).toEqual([1000, 2000, 4000, 4000].map((ms) => `bad Error: no ${ms}`));
    queue.add('bad');
    await turns();
    expect(failures).toHaveLength(4);
    stop.abort();
    await running;
  });

  it('does not wait for the retry when somebody adds the key', async () => {
    let tries = 0;
    const running = queue.run(async () => {
      if (++tries === 1) throw new Error('no');
    }, stop.signal);
    queue.add('a');
    await turns();
    queue.add('a');
    await turns();
    expect(tries).toBe(2);
    stop.abort();
    await running;
  });

  it('ends when what is under way has ended, and leaves no timer', async () => {
    const end = Promise.withResolvers<void>();
    let hasEnded = false;
    queue.add('a');
    queue.addLater('b', 10_000);
    const running = queue
      .run(() => end.promise, stop.signal)
      .then(() => {
        hasEnded = true;
      });
    await turns();
    stop.abort();
    await turns();
    expect(hasEnded).toBe(false);
    end.reject(new Error('late'));
    await running;
    expect(vi.getTimerCount()).toBe(0);
  });
});
