import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pacer, type PacerOptions } from './pacer.ts';

const OPTIONS: PacerOptions = {
  minIntervalMs: 1_000,
  maxIntervalMs: 3_600_000,
  retry: { firstMs: 1_000, maxMs: 30_000 },
};

interface Play {
  /** When somebody asks for a run, in milliseconds since the start. */
  readonly requests: readonly number[];
  /** The same, for a run that is urgent. */
  readonly urgentRequests?: readonly number[];
  readonly options?: Partial<PacerOptions>;
  /** How long a run takes. */
  readonly workMs?: number;
  /** How many of the first runs fail. */
  readonly failures?: number;
  readonly untilMs: number;
}

/** The times at which runs start. */
async function play({
  requests,
  urgentRequests = [],
  options,
  workMs = 0,
  failures = 0,
  untilMs,
}: Play): Promise<readonly number[]> {
  const pacer = new Pacer({ ...OPTIONS, ...options });
  const starts: number[] = [];
  const stop = new AbortController();
  const work = async () => {
    starts.push(Date.now());
    if (workMs > 0) await new Promise((resolve) => setTimeout(resolve, workMs));
    return starts.length > failures;
  };
  const run = pacer.run(work, stop.signal);
  for (const atMs of requests) setTimeout(() => pacer.request(), atMs);
  for (const atMs of urgentRequests) setTimeout(() => pacer.request({ urgent: true }), atMs);
  await vi.advanceTimersByTimeAsync(untilMs);
  stop.abort();
  await vi.advanceTimersByTimeAsync(workMs);
  await run;
  return starts;
}

describe('Pacer', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each<[string, Play, readonly number[]]>([
    ['runs nothing that was not asked for at first', { requests: [], untilMs: 10_000_000 }, []],
    ['runs at the first request, without a wait', { requests: [500], untilMs: 60_000 }, [500]],
    [
      'keeps half the distance before an urgent one',
      { requests: [500], urgentRequests: [600, 1800], untilMs: 60_000 },
      [500, 1000, 1800],
    ],
    ['makes one run of many requests', { requests: [500, 600, 700, 800], untilMs: 60_000 }, [500, 1500]],
    [
      'keeps a request until the shortest interval is over',
      { requests: [0, 10], untilMs: 60_000 },
      [0, 1000],
    ],
    ['runs at once when the last run is long past', { requests: [0, 5_000], untilMs: 60_000 }, [0, 5_000]],
    [
      'counts the shortest interval from the end of a run',
      { requests: [0, 10], workMs: 3_000, untilMs: 60_000 },
      [0, 4_000],
    ],
    [
      'makes one more run of all requests that come during one',
      { requests: [0, 100, 200, 300], workMs: 2_000, untilMs: 60_000 },
      [0, 3_000],
    ],
    [
      'runs at the pace of the shortest interval under steady requests',
      { requests: Array.from({ length: 50 }, (_, index) => index * 100), untilMs: 60_000 },
      [0, 1_000, 2_000, 3_000, 4_000, 5_000],
    ],
    [
      'runs without a request after the longest interval, counted from the end of the last run',
      { requests: [0, 10_000], options: { maxIntervalMs: 30_000 }, workMs: 5_000, untilMs: 90_000 },
      [0, 10_000, 45_000, 80_000],
    ],
    [
      'needs no shortest interval',
      { requests: [0, 10, 20], options: { minIntervalMs: 0 }, untilMs: 60_000 },
      [0, 10, 20],
    ],
    [
      'repeats a failed run with growing distance, also the first one',
      { requests: [0], failures: 7, untilMs: 200_000 },
      [0, 1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000],
    ],
    [
      'starts again with the shortest wait after a success',
      { requests: [0, 10_000], failures: 3, untilMs: 60_000 },
      [0, 1_000, 3_000, 7_000, 10_000],
    ],
    [
      'keeps the shortest interval before a repetition too',
      { requests: [0], options: { minIntervalMs: 5_000 }, failures: 1, untilMs: 60_000 },
      [0, 5_000],
    ],
    [
      'waits no longer for a repetition than for a run without a request',
      {
        requests: [0],
        options: { maxIntervalMs: 2_000, retry: { firstMs: 10_000, maxMs: 30_000 } },
        failures: 1,
        untilMs: 3_000,
      },
      [0, 2_000],
    ],
    [
      'does not wait for the repetition when somebody asks',
      { requests: [0, 16_000], failures: 6, untilMs: 60_000 },
      [0, 1_000, 3_000, 7_000, 15_000, 16_000, 46_000],
    ],
  ])('%s', async (_what, given, starts) => {
    expect(await play(given)).toEqual(starts);
  });

  it.each([
    ['before any request', 0, 0],
    ['during a run', 500, 1],
    ['during the shortest interval', 2_500, 1],
    ['during the wait for a request', 10_000, 1],
  ])('ends when the signal fires %s', async (_when, atMs, runs) => {
    const pacer = new Pacer(OPTIONS);
    const stop = new AbortController();
    const work = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return true;
    });
    if (runs > 0) pacer.request();
    const ended = pacer.run(work, stop.signal).then(() => Date.now());
    await vi.advanceTimersByTimeAsync(atMs);
    stop.abort();
    pacer.request();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await ended).toBe(runs === 0 ? atMs : Math.max(atMs, 2_000));
    expect(work).toHaveBeenCalledTimes(runs);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never runs twice at once', async () => {
    const pacer = new Pacer({ ...OPTIONS, minIntervalMs: 0 });
    const stop = new AbortController();
    let on = 0;
    let most = 0;
    const run = pacer.run(async () => {
      most = Math.max(most, ++on);
      await new Promise((resolve) => setTimeout(resolve, 35));
      on--;
      return true;
    }, stop.signal);
    for (let atMs = 0; atMs < 1_000; atMs += 10) setTimeout(() => pacer.request(), atMs);
    await vi.advanceTimersByTimeAsync(2_000);
    stop.abort();
    await run;
    expect(most).toBe(1);
  });
});
